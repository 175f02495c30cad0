"""Reports as they were issued, and the lines of one that is being written."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery

from incidents.models import Customer, Impact, IssuedEdition, Page, Reach, Report, ReportLine
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


@dataclass(frozen=True)
class Standing:
    """A report as its page tells of it. `issued_at` is when it first stood there."""

    number: str
    issued_at: datetime
    is_withdrawn: bool = False


def standing_of(report: Report) -> Standing | None:
    """None while it is not on the page. A draft of its next edition changes nothing of that.

    `report.editions` should be prefetched where many are asked (`with_standing`).
    """
    shown = [edition for edition in report.editions.all() if edition.is_on_page]
    if report.number is None:
        return None
    if shown:
        newest, oldest = shown[0], shown[-1]
        return Standing(report.number, oldest.issued_at, newest.withdrawn_at is not None)
    if report.issued_at is None or report.editions.all():
        return None
    return Standing(report.number, report.issued_at)


def light_editions() -> QuerySet[IssuedEdition]:
    """The newest first, without what they say."""
    return IssuedEdition.objects.defer("documents", "named").order_by("-revision")


def with_standing(reports: QuerySet[Report]) -> QuerySet[Report]:
    return reports.prefetch_related(Prefetch("editions", queryset=light_editions()))


def on_page() -> Q:
    """Reports that have their address on a page: by an edition that is there, or taken in from the past."""
    editions = IssuedEdition.objects.filter(report=OuterRef("pk"))
    return Exists(editions.exclude(reach=Reach.CUSTOMERS)) | (Q(issued_at__isnull=False) & ~Exists(editions))


def reports_on(page: Page) -> QuerySet[Report]:
    """Those on the page and of incidents that it shows, the latest issue first."""
    shown = Report.objects.filter(on_page(), incident__in=shown_incidents(page), number__isnull=False)
    return shown.order_by("-issued_on", "-id")


def latest_issued(page: Page, *, most: int) -> tuple[IssuedView, ...]:
    """The newest of the page's reports that were not withdrawn, as they were issued."""
    withdrawn = shown_editions().filter(report=OuterRef("pk")).values("withdrawn_at")[:1]
    newest = shown_editions().filter(report=OuterRef("pk")).values("documents")[:1]
    found = reports_on(page).annotate(withdrawn_at=Subquery(withdrawn), told=Subquery(newest))
    rows = found.filter(withdrawn_at__isnull=True).select_related("service")[:most]
    return tuple(
        IssuedView(report.number, _title(report), report.language, report.issued_on)
        for report in rows
        if report.number and report.issued_on
    )


def _title(report: Report) -> str:
    told = (report.told or {}).get(report.language)  # type: ignore[attr-defined]
    if told is None:
        return f"{report.service.name} {report.subject}"
    return f"{told['service']} {told['subject']}"


def shown_editions() -> QuerySet[IssuedEdition]:
    """Those on their page, the newest first."""
    return IssuedEdition.objects.exclude(reach=Reach.CUSTOMERS).order_by("-revision")


def editions_of(report: Report) -> list[IssuedEdition]:
    """All of them, the newest first, without what they say."""
    return list(light_editions().filter(report=report).select_related("issued_by", "withdrawn_by"))


def find_edition(report: Report, revision: int) -> IssuedEdition | None:
    found = IssuedEdition.objects.select_related("report__incident__page", "report__service")
    return found.filter(report=report, revision=revision).first()


def newest_edition(report: Report) -> IssuedEdition | None:
    """Whoever may read it."""
    found = IssuedEdition.objects.select_related("report__incident__page", "report__service")
    return found.filter(report=report).order_by("-revision").first()


def _with_page() -> QuerySet[Report]:
    return Report.objects.select_related("incident__page", "service")


def with_record(report_id: int) -> Report:
    """The report with the rows its document is built from; their number of queries is constant."""
    return _with_page().get(pk=report_id)


def find_issued(number: str, *, page: Page | None = None) -> Report | None:
    """An issued report by its number: on a page that shows it, or, for staff, wherever it may be read."""
    if page is not None:
        return _with_page().filter(on_page(), number=number, incident__in=shown_incidents(page)).first()
    return _with_page().filter(number=number, issued_at__isnull=False).first()
