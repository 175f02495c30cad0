"""Issuing: every edition must be writable before the number counts."""

from datetime import date

from django.db import transaction

from incidents.actions import report as report_actions
from incidents.models import Report, Staff
from incidents.queries.report import with_record
from incidents.reports.build import document_of, figures_of
from incidents.reports.writers import WRITERS


@transaction.atomic
def issue(
    report: Report, *, issued_on: date | None = None, actor: Staff | None = None, notify: bool = True
) -> Report:
    """Gives number and date and writes every edition once; where a writer refuses, nothing is issued."""
    issued = report_actions.issue_report(report, issued_on=issued_on, actor=actor, notify=notify)
    recorded = with_record(issued.pk)
    document, figures = document_of(recorded), figures_of(recorded)
    for write in WRITERS.values():
        write(document, figures)
    return issued
