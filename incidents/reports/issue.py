"""Issuing: every edition must be writable before the number counts."""

from collections.abc import Callable, Mapping
from datetime import date

from django.db import transaction

from incidents.actions import report as report_actions
from incidents.lib.markdown import render
from incidents.models import Report, Staff
from incidents.queries.report import with_record
from incidents.reports import hea, html, markdown
from incidents.reports.build import document_of
from incidents.reports.document import Document

WRITERS: Mapping[str, Callable[[Document], str]] = {
    "txt": hea.write,
    "md": markdown.write,
    "html": lambda document: html.write(document, render_markdown=render),
}


@transaction.atomic
def issue(
    report: Report, *, issued_on: date | None = None, actor: Staff | None = None, notify: bool = True
) -> Report:
    """Gives number and date and writes every edition once; where a writer refuses, nothing is issued."""
    issued = report_actions.issue_report(report, issued_on=issued_on, actor=actor, notify=notify)
    document = document_of(with_record(issued.pk))
    for write in WRITERS.values():
        write(document)
    return issued
