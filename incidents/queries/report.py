from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from incidents.models import Customer, Impact, Page, Report, ReportLine, ReportState
from incidents.queries.shown import shown_incidents


@dataclass(frozen=True)
class LineRow:
    """One line that a report could have; `update_number` where it is that of a public update."""

    entry_id: int
    source: str
    update_number: int | None


def line_rows(report: Report) -> list[LineRow]:
    rows = report.lines.order_by("entry__happened_at", "entry_id")
    return [LineRow(*row) for row in rows.values_list("entry_id", "entry__source", "entry__update__number")]


def lines_of(report: Report) -> list[ReportLine]:
    """Every line that the report could have, in the order of the timeline, with its log entry and author."""
    lines = report.lines.select_related("entry__update", "entry__author")
    return list(lines.order_by("entry__happened_at", "entry_id"))


def hits_of(report: Report) -> list[Impact]:
    """What was hit, from when until when, in the order of the beginnings."""
    impacts = report.incident.impacts.select_related("service")
    return list(impacts.order_by("from_at", "service__position", "id"))


def count_customers(report: Report) -> int:
    """How many companies use what was hit; 0 where none is known."""
    hit = report.incident.impacts.values("service")
    return Customer.objects.filter(page=report.incident.page_id, services__in=hit).distinct().count()


@dataclass(frozen=True)
class IssuedView:
    """`title` is in `language`, whatever the page's."""

    number: str
    title: str
    language: str
    issued_on: date


def latest_issued(page: Page, *, most: int) -> tuple[IssuedView, ...]:
    """The newest issued reports of the incidents that the page shows."""
    issued = Report.objects.filter(
        incident__in=shown_incidents(page), state=ReportState.ISSUED
    ).select_related("service")
    return tuple(
        IssuedView(
            number=report.number,
            title=f"{report.service.name} {report.subject}",
            language=report.language,
            issued_on=report.issued_on,
        )
        for report in issued.order_by("-issued_on", "-id")[:most]
        if report.number and report.issued_on
    )


def _with_page() -> QuerySet[Report]:
    return Report.objects.select_related("incident__page", "service")


def with_record(report_id: int) -> Report:
    """The report with the rows its document is built from; their number of queries is constant."""
    return _with_page().get(pk=report_id)


def find_issued(number: str, *, page: Page | None = None) -> Report | None:
    """An issued report by its number, on a page that shows it or on any."""
    found = _with_page().filter(number=number, state=ReportState.ISSUED)
    return (found.filter(incident__in=shown_incidents(page)) if page else found).first()
