"""How fast the organisation was: charts and a file."""

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from incidents.console.access import StaffRequest, staff_view
from incidents.console.screen import render_screen
from incidents.lib import times
from incidents.queries.figures import FEW, figures_of_page
from incidents.queries.figures_file import write_figures
from incidents.queries.response import Figure
from incidents.queries.subscriber_file import CSV_TYPE
from incidents.snapshots.figures import draw_figures

LABELS = {
    Figure.DETECT: (
        _("Time to detect"),
        _("From the onset to the first detection, by monitoring or by staff."),
    ),
    Figure.ENQUIRY: (
        _("Enquiry to notice"),
        _("From a customer's first enquiry to the first notice, where the enquiry came first."),
    ),
    Figure.RECOGNITION: (
        _("Recognition to notice"),
        _("From when it was first taken for an incident to the first notice."),
    ),
    Figure.BETWEEN: (
        _("Between updates"),
        _("From each published update to the next, up to the one that says it is over."),
    ),
    Figure.RESOLVE: (_("Time to resolve"), _("From the onset to the real recovery.")),
    Figure.REPORT: (
        _("Time to report"),
        _(
            "Days from the recovery to the report that keeps its promise: the final one, unless staff said otherwise."
        ),
    ),
}
UNITS = {"minutes": _("minutes"), "hours": _("hours"), "days": _("days")}


@staff_view
@require_safe
def show_figures(request: StaffRequest) -> HttpResponse:
    """Of the chosen service, or of all together."""
    figures = figures_of_page(request.page, now=times.now())
    chosen = request.GET.get("service", "")
    shown = next((one for one in figures if one.service and one.service.slug == chosen), figures[0])
    charts = [(*LABELS[view.figure], UNITS[view.unit], view) for view in draw_figures(shown.quarters)]
    context = {
        "section": "incidents",
        "services": [one.service for one in figures if one.service],
        "shown": shown,
        "shown_quarters": [quarter for quarter in reversed(shown.quarters) if quarter.incidents],
        "charts": charts,
        "few": FEW,
    }
    return render_screen(request, "console/figures.html", context)


@staff_view
@require_safe
def export(request: StaffRequest) -> HttpResponseBase:
    lines = write_figures(figures_of_page(request.page, now=times.now()))
    response = StreamingHttpResponse(lines, content_type=CSV_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="figures.csv"'
    return response
