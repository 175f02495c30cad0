"""A report as readers will get it, for the console to show beside what is typed."""

from dataclasses import dataclass

from django.urls import reverse

from incidents.console.refusals import sentence_of
from incidents.lib.errors import Refused
from incidents.lib.markdown import render_with_figures
from incidents.models import Figure, Report
from incidents.reports import html
from incidents.reports.build import document_of
from incidents.reports.figures import Picture


@dataclass(frozen=True)
class Sheet:
    """`document` is safe HTML; "" where `problem` says why there is none."""

    document: str = ""
    problem: str = ""


def draw_sheet(report: Report, *, language: str = "") -> Sheet:
    """In one language (default: its first)."""

    def address(name: str) -> str:
        return reverse("console:report_figure", args=[report.incident.reference, name])

    try:
        document = document_of(report, language=language)
        written = html.write(
            document, render_markdown=render_with_figures, figures=_sizes(report), address=address
        )
        return Sheet(document=written)
    except Refused as refused:
        return Sheet(problem=sentence_of(refused))


def _sizes(report: Report) -> dict[str, Picture]:
    """Without the pictures themselves, which the browser asks for by their address."""
    return {
        figure.name: Picture(b"", figure.media_type, figure.width, figure.height)
        for figure in Figure.objects.filter(report=report).defer("image")
    }
