from dataclasses import dataclass

from django.db.models import QuerySet

from incidents.models import Page, Report, ReportState


@dataclass(frozen=True)
class LineRow:
    """One line that a report could have; `update_number` where it is that of a public update."""

    entry_id: int
    source: str
    update_number: int | None


def line_rows(report: Report) -> list[LineRow]:
    rows = report.lines.order_by("entry__happened_at", "entry_id")
    return [LineRow(*row) for row in rows.values_list("entry_id", "entry__source", "entry__update__number")]


def _with_page() -> QuerySet[Report]:
    return Report.objects.select_related("incident__page", "service")


def with_record(report_id: int) -> Report:
    """The report with the rows its document is built from; their number of queries is constant."""
    return _with_page().get(pk=report_id)


def find_issued(number: str, *, page: Page | None = None) -> Report | None:
    """An issued report by its number, on a page or on any."""
    found = _with_page().filter(number=number, state=ReportState.ISSUED)
    return (found.filter(incident__page=page) if page else found).first()
