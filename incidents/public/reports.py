"""Issued reports as their readers take them: a page, or a file."""

from django.http import Http404, HttpResponse

from incidents.lib.markdown import render
from incidents.models import IncidentState
from incidents.public.visit import Visit, published
from incidents.queries.report import find_issued
from incidents.reports import hea, html, markdown
from incidents.reports.build import document_of
from incidents.reports.document import Document


@published
def show_report(visit: Visit, number: str) -> HttpResponse:
    document, reference = _find(visit, number)
    context = {
        "document": document,
        "reference": reference,
        "article": html.write(document, render_markdown=render),
    }
    return visit.render("public/report.html", context)


@published
def show_report_text(visit: Visit, number: str) -> HttpResponse:
    document, _ = _find(visit, number)
    return HttpResponse(hea.write(document), content_type="text/plain; charset=utf-8")


@published
def show_report_markdown(visit: Visit, number: str) -> HttpResponse:
    document, _ = _find(visit, number)
    return HttpResponse(markdown.write(document), content_type="text/markdown; charset=utf-8")


def _find(visit: Visit, number: str) -> tuple[Document, str]:
    """The document in the language of the visit, and its incident's reference."""
    report = find_issued(number, page=visit.page)
    if report is None or report.incident.state != IncidentState.PUBLIC:
        raise Http404
    return document_of(report, language=visit.language), report.incident.reference
