"""Every edition of a report: one writer each, from a document and its pictures to a file."""

from collections.abc import Callable, Mapping

from incidents.lib.markdown import render_with_figures
from incidents.reports import docx, hea, html, markdown, pdf
from incidents.reports.document import Document
from incidents.reports.figures import Picture

Figures = Mapping[str, Picture]
Writer = Callable[[Document, Figures], bytes]


def _write_text(document: Document, figures: Figures) -> bytes:
    return hea.write(document).encode()


def _write_markdown(document: Document, figures: Figures) -> bytes:
    return markdown.write(document).encode()


def _write_html(document: Document, figures: Figures) -> bytes:
    return html.write(document, render_markdown=render_with_figures, figures=figures).encode()


def _write_pdf(document: Document, figures: Figures) -> bytes:
    text = hea.write(document)
    return pdf.write(document, figures, text=text, render_markdown=render_with_figures)


def _write_docx(document: Document, figures: Figures) -> bytes:
    return docx.write(document, figures, render_markdown=render_with_figures)


WRITERS: Mapping[str, Writer] = {
    "txt": _write_text,
    "md": _write_markdown,
    "html": _write_html,
    "pdf": _write_pdf,
    "docx": _write_docx,
}

MEDIA_TYPES: Mapping[str, str] = {
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
