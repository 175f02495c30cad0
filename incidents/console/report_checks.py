"""What the checks of a report found, in sentences that lead to their fields."""

from dataclasses import dataclass

from django.utils.dates import WEEKDAYS
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.actions.report_text import PROSE
from incidents.console.report_forms import ReportForm
from incidents.models import Report
from incidents.reports.checking import draft_of
from incidents.reports.checks import Finding, find

SENTENCES = {
    "empty": gettext_lazy("This part of the report is empty."),
    "untranslated": gettext_lazy("Not translated: the text of the first language is printed."),
    "no_end": gettext_lazy("A final report names the end of the period."),
    "no_lines": gettext_lazy("The timeline has no line."),
    "line_break": gettext_lazy("A line of the timeline must be one line of text: give it other words."),
    "no_note": gettext_lazy("%(said)s has no note that begins with it."),
    "no_marker": gettext_lazy("The note %(said)s is nowhere marked in the text."),
    "two_notes": gettext_lazy("%(said)s has two notes."),
    "no_figure": gettext_lazy("There is no figure “%(said)s”."),
    "no_alternative": gettext_lazy("The figure “%(said)s” has no alternative text."),
    "no_caption": gettext_lazy("The figure “%(said)s” has no caption."),
    "other_start": gettext_lazy("The impact began at %(at)s."),
    "other_end": gettext_lazy("The impact ended at %(at)s."),
    "goes_on": gettext_lazy("The impact still goes on, but the period has an end."),
    "is_over": gettext_lazy("The impact ended at %(at)s, but the period has no end."),
    "not_final": gettext_lazy("The incident is over: should this be the final edition?"),
    "no_such_day": gettext_lazy("“%(said)s” is no day of the calendar."),
    "weekday": gettext_lazy("“%(said)s” is a %(weekday)s."),
    "outside": gettext_lazy("“%(said)s” lies outside the period."),
    "placeholder": gettext_lazy("“%(said)s” looks like a placeholder."),
    "unfinished": gettext_lazy("“%(said)s” stands in a final report."),
    "mail_address": gettext_lazy("The mail address %(said)s would be published."),
    "address": gettext_lazy("The address %(said)s would be published."),
    "secret": gettext_lazy("“%(said)s…” looks like a password or a key."),
    "customer": gettext_lazy(
        "The customer “%(said)s” is named. Write who it is in other words, or mask the name."
    ),
    "no_mask": gettext_lazy("“%(said)s” has no words for the public."),
    "claim": gettext_lazy("“%(said)s” needs somebody who vouches for it."),
}


@dataclass(frozen=True)
class Check:
    """`place` is the id of what it leads to."""

    finding: Finding
    label: str
    sentence: str
    place: str


def check_report(report: Report, *, language: str) -> list[Check]:
    """Of the report as it is in memory, in one language; the number of queries is constant."""
    return [
        _show(finding, report, language=language) for finding in find(draft_of(report, language=language))
    ]


def _show(finding: Finding, report: Report, *, language: str) -> Check:
    values = {
        "said": finding.said,
        "at": f"{localtime(finding.at):%Y-%m-%d %H:%M}" if finding.at else "",
        "weekday": WEEKDAYS[finding.weekday] if finding.weekday is not None else "",
    }
    sentence = str(SENTENCES[finding.code]) % values
    return Check(finding, _label(finding), sentence, _place(finding, report, language=language))


def _label(finding: Finding) -> str:
    if finding.field == "lines":
        return _("Timeline")
    if finding.field == "parties":
        return _("Third parties")
    if finding.field.startswith("period_"):
        return _("Period: from") if finding.field == "period_from" else _("Period: until")
    return str(ReportForm.base_fields[finding.field].label)


def _place(finding: Finding, report: Report, *, language: str) -> str:
    if finding.line:
        return f"line-{finding.line}"
    if finding.field in ("lines", "parties"):
        return finding.field
    is_first = language == report.language or finding.field not in PROSE
    return f"id_{finding.field}" if is_first else f"id_{finding.field}_{language}"
