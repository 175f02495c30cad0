"""The timeline of a report: which lines of the log stand in it, and in what words."""

from collections.abc import Iterator, Sequence
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
    language: str
    name: str
    text: str


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
    report = find_report(find_incident(request, reference))
    rows = list(_rows(report, lines_of(report), codes=_languages(request, report)))
    context = {
        "section": "incidents",
        **frame(report, others=languages_beside(report, request.page, known=WORDS), tab="lines"),
        "kept": [row for row in rows if row.line.is_included],
        "left": [row for row in rows if not row.line.is_included],
        "longest": LONGEST_WORDING,
    }
    return render_screen(request, "console/report_lines.html", context)


@staff_view
@require_POST
def change(request: StaffRequest, reference: str, entry_id: int) -> HttpResponse:
    """One line: taken in, left out, joined, parted, or given other words. The script gets all lines of its minute."""
    report = find_report(find_incident(request, reference))
    codes = _languages(request, report)
    problem = ""
    try:
        lines = change_line(report, entry_id, _asked(request, codes), actor=request.user)
    except Refused as refused:
        problem = sentence_of(refused)
        lines = [line for line in lines_of(report) if line.entry_id == entry_id]
    if request.htmx:
        rows = [_render(request, report, row) for row in _rows(report, lines, codes=codes, problem=problem)]
        return JsonResponse({"rows": rows, "problem": problem}, status=409 if problem else 200)
    if problem:
        messages.error(request, problem)
    return redirect(f"{reverse('console:report_lines', args=[reference])}#line-{entry_id}")


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
    report: Report, lines: Sequence[ReportLine], *, codes: dict[str, str], problem: str = ""
) -> Iterator[Row]:
    phrases = _phrases(report)
    before: datetime | None = None
    for line in lines:
        minute = line.entry.happened_at.replace(second=0, microsecond=0)
        yield Row(
            line=line,
            text=line.entry.text or phrases.get(line.entry.update_id or 0, ""),
            wordings=[
                Wording(code, name, wording_of(line, code, first=report.language))
                for code, name in codes.items()
            ],
            may_join=line.is_included and before == minute,
            problem=problem,
        )
        before = minute if line.is_included else before


def _phrases(report: Report) -> dict[int, str]:
    """What the system says of each public update, by the update's id."""
    said = PHRASES[cast(Language, report.language)]
    changed = changes(updates_in_order(report.incident))
    return {update_id: said[UpdateKind(change)] for update_id, change in changed.items()}


def _render(request: StaffRequest, report: Report, row: Row) -> dict[str, Any]:
    context = {"row": row, "incident": report.incident, "is_draft": True, "longest": LONGEST_WORDING}
    html = render_to_string("console/_report_line.html", context, request=request)
    return {"entry": row.line.entry_id, "is_included": row.line.is_included, "html": html}
