"""Whether a report is there as it was promised.

A final edition that stands keeps the promise, whomever it was issued to; an interim one (or a first report) does
so only where staff said that it suffices. What was withdrawn keeps nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from incidents.lib.calendars import Calendar, read_calendar
from incidents.lib.workdays import add_workdays
from incidents.models import Edition, Incident, IncidentState, IssuedEdition, Page, Report

SOON_WORKDAYS = 3


@dataclass(frozen=True)
class PromisedReport:
    """`report` is None where nobody has begun it."""

    incident: Incident
    report: Report | None
    due_on: date
    is_overdue: bool
    is_soon: bool


def calendar_of(page: Page) -> Calendar:
    """The public holidays of its zone's country, where that is known."""
    return read_calendar({}, zone=page.time_zone)


def proposed_day(page: Page, *, today: date) -> date | None:
    """The day that the report of an incident that ends `today` is promised for; None where a page promises none."""
    if page.report_days is None:
        return None
    return add_workdays(today, page.report_days, calendar_of(page))


def keeping_reports(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Those that keep their promise."""
    return reports.alias(first=_first_issue()).filter(first__isnull=False)


def kept_at(incident_ids: Iterable[int]) -> dict[int, datetime]:
    """When the promise of a report was kept, or would have been, by the incident's id; one query."""
    reports = Report.objects.filter(incident__in=list(incident_ids)).annotate(first=_first_issue())
    found = reports.filter(first__isnull=False).order_by()
    return dict(found.values_list("incident_id", "first"))


def _first_issue() -> Coalesce:
    """When the first edition that keeps the promise was issued. A report that was taken over from elsewhere has no
    edition of its own here, only what it says of itself."""
    counts = Q(edition=Edition.FINAL) | Q(report__incident__interim_suffices=True)
    editions = IssuedEdition.objects.filter(report=OuterRef("pk"))
    standing = editions.filter(counts, withdrawn_at=None).order_by("issued_at")
    says_so = Q(edition=Edition.FINAL) | Q(incident__interim_suffices=True)
    of_itself = Case(When(~Exists(editions) & says_so & Q(issued_at__isnull=False), then=F("issued_at")))
    return Coalesce(Subquery(standing.values("issued_at")[:1]), of_itself)


def promised_reports(page: Page, *, today: date) -> list[PromisedReport]:
    """Of public incidents, those that are still to come, the one that comes (or came) due first on top."""
    promised = Incident.objects.filter(page=page, state=IncidentState.PUBLIC, report_due_on__isnull=False)
    kept = keeping_reports(Report.objects.filter(incident__page=page)).values("incident")
    waiting = promised.exclude(pk__in=kept).order_by("report_due_on", "id").select_related("report")
    soon = add_workdays(today, SOON_WORKDAYS, calendar_of(page))
    return [_promised(incident, today=today, soon=soon) for incident in waiting]


def _promised(incident: Incident, *, today: date, soon: date) -> PromisedReport:
    due_on = incident.report_due_on
    assert due_on is not None
    return PromisedReport(
        incident=incident,
        report=getattr(incident, "report", None),
        due_on=due_on,
        is_overdue=due_on < today,
        is_soon=today <= due_on <= soon,
    )
