"""The timeline of a report: which lines of the log stand in it, and in what words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from incidents.actions import report as actions
from incidents.actions.report_line import LONGEST_WORDING, LineChange, change_line, wording_of
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_incident, find_report
from incidents.console.refusals import sentence_of
from incidents.console.report_forms import languages_beside, name_languages
from incidents.console.reports import frame
from incidents.console.screen import render_screen
from incidents.lib.errors import Refused
from incidents.models import Report, ReportLine
from incidents.queries.incident import changes, updates_in_order
from incidents.queries.report import lines_of
from incidents.reports.document import Language
from incidents.reports.phrases import PHRASES, UpdateKind
from incidents.reports.words import WORDS

STEPS = {
    "take": LineChange(is_included=True),
    "leave": LineChange(is_included=False),
    "join": LineChange(is_joined=True),
    "part": LineChange(is_joined=False),
}


@dataclass(frozen=True)
class Wording:
    """`typed` is what stands in its field: what was sent and refused, else the same as `text`."""

    language: str
    name: str
    text: str
    typed: str


@dataclass(frozen=True)
class Wrong:
    """What was asked of one line and refused."""

    entry: int
    problem: str
    typed: Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """`text` is what the log says, or the system where the line is that of a public update."""

    line: ReportLine
    text: str
    wordings: Sequence[Wording]
    may_join: bool
    problem: str = ""


@staff_view
@require_safe
def show_lines(request: StaffRequest, reference: str) -> HttpResponse:
    return _render_lines(request, find_report(find_incident(request, reference)))


@staff_view
@require_POST
def change(request: StaffRequest, reference: str, entry_id: int) -> HttpResponse:
    """One line: taken in, left out, joined, parted, or given other words. The script gets all lines of its minute,
    or why not, with the words that stand there by now."""
    report = find_report(find_incident(request, reference))
    codes = _languages(request, report)
    asked = _asked(request, codes)
    try:
        lines = change_line(report, entry_id, asked, actor=request.user)
    except Refused as refused:
        wrong = Wrong(entry_id, sentence_of(refused), asked.wordings)
        if not request.htmx:
            return _render_lines(request, report, wrong=wrong)
        theirs = _words_of(report, entry_id, codes) if asked.wordings else {}
        return JsonResponse({"problem": wrong.problem, "theirs": theirs}, status=409)
    if request.htmx:
        rows = [_render(request, report, row) for row in _rows(report, lines, codes=codes)]
        return JsonResponse({"rows": rows})
    return redirect(f"{reverse('console:report_lines', args=[reference])}#line-{entry_id}")


def _render_lines(request: StaffRequest, report: Report, *, wrong: Wrong | None = None) -> HttpResponse:
    rows = list(_rows(report, lines_of(report), codes=_languages(request, report), wrong=wrong))
    context = {
        "section": "incidents",
        **frame(report, others=languages_beside(report, request.page, known=WORDS), tab="lines"),
        "kept": [row for row in rows if row.line.is_included],
        "left": [row for row in rows if not row.line.is_included],
        "longest": LONGEST_WORDING,
        "problem": wrong.problem if wrong else "",
    }
    return render_screen(request, "console/report_lines.html", context, status=409 if wrong else 200)


def _words_of(report: Report, entry_id: int, codes: Mapping[str, str]) -> dict[str, str]:
    line = report.lines.filter(entry=entry_id).first()
    return {code: wording_of(line, code, first=report.language) for code in codes} if line else {}


@staff_view
@require_POST
def take_up(request: StaffRequest, reference: str) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    try:
        actions.add_missing_lines(report, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    return redirect("console:report_lines", reference=reference)


def _languages(request: StaffRequest, report: Report) -> dict[str, str]:
    codes = [report.language, *languages_beside(report, request.page, known=WORDS)]
    return dict(name_languages(codes))


def _asked(request: StaffRequest, codes: dict[str, str]) -> LineChange:
    step = STEPS.get(request.POST.get("step", ""))
    if step:
        return step
    given, read = dict[str, str](), dict[str, str]()
    for code in codes:
        if f"wording_{code}" in request.POST:
            given[code] = request.POST[f"wording_{code}"]
            read[code] = request.POST.get(f"base_{code}", "")
    return LineChange(wordings=given, read=read)


def _rows(
    report: Report, lines: Sequence[ReportLine], *, codes: Mapping[str, str], wrong: Wrong | None = None
) -> Iterator[Row]:
    phrases = _phrases(report)
    before: datetime | None = None
    for line in lines:
        minute = line.entry.happened_at.replace(second=0, microsecond=0)
        refused = wrong if wrong and wrong.entry == line.entry_id else None
        yield Row(
            line=line,
            text=line.entry.text or phrases.get(line.entry.update_id or 0, ""),
            wordings=list(_wordings(report, line, codes=codes, typed=refused.typed if refused else {})),
            may_join=line.is_included and before == minute,
            problem=refused.problem if refused else "",
        )
        before = minute if line.is_included else before


def _wordings(
    report: Report, line: ReportLine, *, codes: Mapping[str, str], typed: Mapping[str, str]
) -> Iterator[Wording]:
    for code, name in codes.items():
        text = wording_of(line, code, first=report.language)
        yield Wording(code, name, text, typed.get(code, text))


def _phrases(report: Report) -> dict[int, str]:
    """What the system says of each public update, by the update's id."""
    said = PHRASES[cast(Language, report.language)]
    changed = changes(updates_in_order(report.incident))
    return {update_id: said[UpdateKind(change)] for update_id, change in changed.items()}


def _render(request: StaffRequest, report: Report, row: Row) -> dict[str, Any]:
    context = {"row": row, "incident": report.incident, "is_draft": True, "longest": LONGEST_WORDING}
    html = render_to_string("console/_report_line.html", context, request=request)
    return {"entry": row.line.entry_id, "is_included": row.line.is_included, "html": html}
