"""What the checks ask of the record, and the claims for which nobody has vouched yet."""

from zoneinfo import ZoneInfo

from incidents.actions.report_line import wording_of
from incidents.actions.report_text import PROSE
from incidents.actions.report_words import text_of
from incidents.lib.errors import Refused
from incidents.models import Customer, Figure, LogKind, Report, ReportLine
from incidents.reports.checks import Draft, Words, find
from incidents.reports.words import WORDS


def draft_of(report: Report, *, language: str) -> Draft:
    """The report as it is in memory, in one language; the number of queries is constant."""
    lines = report.lines.filter(is_included=True).select_related("entry")
    names = Customer.objects.filter(page=report.incident.page_id).values_list("name", flat=True)
    figures = Figure.objects.filter(report=report).values_list("name", flat=True)
    return Draft(
        edition=report.edition,
        zone=ZoneInfo(report.time_zone),
        period_from=report.period_from,
        period_until=report.period_until,
        impacts=list(report.incident.impacts.values_list("from_at", "until_at")),
        texts=_texts(report, language),
        original=_texts(report, report.language) if language != report.language else {},
        lines=[_words(line, language, first=report.language) for line in lines],
        parties=[(party["name"], party["mask"]) for party in report.parties],
        customers=list(names.order_by("name")),
        confirmed=report.confirmed,
        figures=set(figures),
    )


def refuse_open_claims(report: Report) -> None:
    """Nothing such as "no data was lost" goes out under somebody's name before somebody has made sure of it."""
    for language in (report.language, *report.incident.page.languages):
        if language not in WORDS:
            continue
        for finding in find(draft_of(report, language=language)):
            if finding.code == "claim" and not finding.by:
                raise Refused(f"“{finding.said}” needs somebody who vouches for it", field=finding.field)


def _texts(report: Report, language: str) -> dict[str, str]:
    return {name: text_of(report, name, language) for name in PROSE}


def _words(line: ReportLine, language: str, *, first: str) -> Words:
    """The system words the lines of public updates itself."""
    own = "" if line.entry.kind == LogKind.PUBLIC_UPDATE else line.entry.text
    return Words(line.entry_id, wording_of(line, language, first=first) or own)
