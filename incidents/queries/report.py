"""Which reports the public may read."""

from incidents.models import IncidentState, Page, Report, ReportState


def find_issued(page: Page, number: str) -> Report | None:
    reports = Report.objects.select_related("incident__page", "service")
    return reports.filter(
        incident__page=page,
        incident__state=IncidentState.PUBLIC,
        state=ReportState.ISSUED,
        number=number,
    ).first()
