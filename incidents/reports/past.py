"""A past report, read from its text, taken into the record."""

from django.db import transaction

from incidents.actions.past import PastLine, PastReport, import_past, word_lines
from incidents.actions.report import TEXTS
from incidents.lib.errors import Refused
from incidents.models import Page, Report, Staff
from incidents.models.fold import Change
from incidents.queries.report import with_record
from incidents.queries.service import names_of_code
from incidents.reports import hea
from incidents.reports.build import timeline_of
from incidents.reports.document import NUMBER, Document, Line, split_number


@transaction.atomic
def take_past_report(
    page: Page, text: str, *, service: str | None = None, actor: Staff | None = None
) -> Report:
    """Reads a report's text and writes service, incident, updates, log and report; nobody is told.

    Raises hea.ReportSyntaxError with the line that is not what the format expects.
    """
    document = hea.read(text, services=_known_services(page, text), service=service)
    if document.withdrawn_on:
        raise Refused("expected a report that stands, not one that was withdrawn", field="withdrawn_on")
    try:
        report = import_past(page, _past_of(document), actor=actor)
    except Refused as refused:
        line = hea.find_number_line(text) if refused.field == "number" else 0
        raise hea.ReportSyntaxError(line, str(refused)) if line else refused from refused
    _keep_wordings(report, document)
    return report


def _known_services(page: Page, text: str) -> dict[str, str]:
    """The service that the report's number and its title line both name, where the page has it."""
    number = NUMBER.search(text)
    if number is None:
        return {}
    lines = [f"{line.strip()} " for line in text.splitlines()]
    names = names_of_code(page, number[1])
    named = [name for name in names if any(line.startswith(f"{name} ") for line in lines)]
    return {number[1]: named[0]} if named else {}


def _past_of(document: Document) -> PastReport:
    code, _, _ = split_number(document.number)
    return PastReport(
        service=document.service,
        code=code,
        number=document.number,
        edition=document.edition,
        revision=document.revision,
        revised_on=document.revised_on,
        issued_on=document.issued_on,
        period_from=document.period_from,
        period_until=document.period_until,
        from_is_approximate=document.period_from_approximate,
        until_is_approximate=document.period_until_approximate,
        language=document.language,
        time_zone=document.zone,
        texts={name: getattr(document, name) for name in TEXTS} | {"greeting": document.opening},
        lines=[_past_line(line) for line in document.timeline],
    )


def _past_line(line: Line) -> PastLine:
    change = Change(line.update.value) if line.update else None
    return PastLine(line.at, line.text, change=change, is_joined=line.joined)


def _keep_wordings(report: Report, document: Document) -> None:
    """Where the record words an update's line otherwise than the report did, the report's words stay in it."""
    built = timeline_of(with_record(report.pk), language=document.language)
    differing = {
        index: line.text
        for index, (line, own) in enumerate(zip(document.timeline, built, strict=True))
        if line.text != own.text
    }
    word_lines(report, differing)
