from django.db.models import QuerySet

from incidents.models import Page, Report, ReportState


def _with_page() -> QuerySet[Report]:
    return Report.objects.select_related("incident__page", "service")


def with_record(report_id: int) -> Report:
    """The report with the rows its document is built from; their number of queries is constant."""
    return _with_page().get(pk=report_id)


def find_issued(number: str, *, page: Page | None = None) -> Report | None:
    """An issued report by its number, on a page or on any."""
    found = _with_page().filter(number=number, state=ReportState.ISSUED)
    return (found.filter(incident__page=page) if page else found).first()
