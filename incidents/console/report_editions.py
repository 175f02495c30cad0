"""The editions of a report beside each other, and beside what the record says now."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_incident, find_report, number_in
from incidents.console.screen import render_screen
from incidents.models import IssuedEdition, Report
from incidents.queries.report import editions_of, find_edition, with_record
from incidents.reports import differences
from incidents.reports.build import document_of
from incidents.reports.document import Document
from incidents.reports.frozen import body_of, document_in, printed_formats
from incidents.reports.writers import MEDIA_TYPES


@staff_view
@require_safe
def compare(request: StaffRequest, reference: str) -> HttpResponse:
    """Any two editions; by default the newest one and what the record says now."""
    report = find_report(find_incident(request, reference))
    editions = editions_of(report)
    if not editions:
        raise Http404("no edition yet")
    old = _chosen(report, number_in(request, "old") or editions[0].revision)
    new = _chosen(report, number_in(request, "new") or 0)
    context = {
        "section": "incidents",
        "incident": report.incident,
        "report": report,
        "editions": editions,
        "old": old.revision if old else 0,
        "new": new.revision if new else 0,
        "differences": differences.compare(_document(report, old), _document(report, new)),
        "endings": ["txt", *printed_formats()],
    }
    return render_screen(request, "console/report_editions.html", context)


@staff_view
@require_safe
def download(request: StaffRequest, reference: str, revision: int, ending: str) -> HttpResponse:
    """An edition as it was issued, third parties masked."""
    report = find_report(find_incident(request, reference))
    edition = find_edition(report, revision)
    if edition is None or ending not in ("txt", *printed_formats()):
        raise Http404("no such edition")
    answer = HttpResponse(body_of(edition, report.language, ending), content_type=MEDIA_TYPES[ending])
    name = f"{report.number}-{revision}.{ending}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _chosen(report: Report, revision: int) -> IssuedEdition | None:
    """None, by 0, is what the record says now."""
    if not revision:
        return None
    edition = find_edition(report, revision)
    if edition is None:
        raise Http404("no such edition")
    return edition


def _document(report: Report, edition: IssuedEdition | None) -> Document:
    return document_in(edition, report.language) if edition else document_of(with_record(report.pk))
