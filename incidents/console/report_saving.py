"""What the editor of a report asks while somebody types: save this, show that, who else is here."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST, require_safe

from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_incident, find_report
from incidents.console.refusals import sentence_of
from incidents.console.report_checks import check_report
from incidents.console.report_forms import ReportForm, languages_beside
from incidents.console.report_people import note_presence, people_beside
from incidents.console.report_sheet import draw_sheet
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Report
from incidents.queries.report import with_record
from incidents.reports.checks import is_open
from incidents.reports.editing import Saved, save_edits, shown, value_of, with_typed
from incidents.reports.words import WORDS

PERIOD = ("period_from", "period_until")


@staff_view
@require_POST
def save(request: StaffRequest, reference: str) -> HttpResponse:
    """Saves the fields that were sent with what they were (`base_cause` beside `cause`), each by itself.

    Answers what each field says now, and what could not be saved: `wrong`, or `overtaken` by someone else.
    """
    report = find_report(find_incident(request, reference))
    form = _sent(request, report)
    form.is_valid()
    wrong = {name: str(errors[0]) for name, errors in form.errors.items()}
    try:
        saved = _save_what_fits(request, report, form, wrong=wrong)
    except Refused as refused:
        return JsonResponse({"refused": sentence_of(refused)}, status=409)
    overtaken = {name: saved.overtaken[key] for name, key in form.keys.items() if key in saved.overtaken}
    whole = ReportForm(report=saved.report, languages=_others(request, saved.report))
    return JsonResponse({**_state(saved.report, whole), "wrong": wrong, "overtaken": overtaken})


def _save_what_fits(
    request: StaffRequest, report: Report, form: ReportForm, *, wrong: dict[str, str]
) -> Saved:
    """Where a fact is refused, the others are saved without it; it is added to what is wrong."""
    edits, settles = form.edits(), "settle" in request.POST
    try:
        return save_edits(report, edits, settles=settles, actor=request.user)
    except Refused as refused:
        blamed = PERIOD if refused.field in PERIOD else (refused.field,)
        wrong |= {edit.name: sentence_of(refused) for edit in edits if edit.name in blamed}
        rest = [edit for edit in edits if edit.name not in blamed]
        if len(rest) == len(edits):
            raise
        return save_edits(report, rest, settles=settles, actor=request.user)


@staff_view
@require_POST
def show_live(request: StaffRequest, reference: str) -> HttpResponse:
    """The report as it would be printed with what is typed, and its checks; nothing is saved."""
    report = find_report(find_incident(request, reference))
    language = request.POST.get("language", "")
    language = language if language in WORDS else report.language
    typed = with_record(report.pk)
    form = _sent(request, report)
    form.is_valid()
    with_typed(typed, form.typed())
    checks = check_report(typed, language=language)
    context = {"checks": checks, "incident": report.incident, "is_draft": True}
    return JsonResponse(
        {
            "sheet": render_to_string("console/_document.html", vars(draw_sheet(typed, language=language))),
            "checks": render_to_string("console/_report_checks.html", context, request=request),
            "open": sum(1 for check in checks if is_open(check.finding)),
            "blocking": sum(1 for check in checks if check.finding.is_blocking),
        }
    )


@staff_view
@require_safe
def show_state(request: StaffRequest, reference: str) -> HttpResponse:
    """What every field says, and who else is here."""
    report = find_report(find_incident(request, reference))
    note_presence(report, request.user, field=request.GET.get("field", ""))
    form = ReportForm(report=report, languages=_others(request, report))
    people = [
        {"name": person.name, "field": _label(form, person.field)}
        for person in people_beside(report, request.user)
    ]
    return JsonResponse({**_state(report, form), "people": people, "token": get_token(request)})


def _sent(request: StaffRequest, report: Report) -> ReportForm:
    return ReportForm(request.POST, report=report, languages=_others(request, report)).keep_sent()


def _others(request: StaffRequest, report: Report) -> list[str]:
    return languages_beside(report, request.page, known=WORDS)


def _state(report: Report, form: ReportForm) -> dict[str, Any]:
    """`base` is what each field says, to compare by; `value` the same as its control takes it."""
    base = {name: shown(value_of(report, *key)) for name, key in form.keys.items()}
    instants = {name: form[name] for name in PERIOD if name in form.fields}
    typed = {name: part.field.widget.format_value(part.value()) or "" for name, part in instants.items()}
    return {
        "version": report.version,
        "clock": f"{localtime(times.now()):%H:%M}",
        "base": base,
        "value": base | typed,
    }


def _label(form: ReportForm, name: str) -> str:
    return str(form.fields[name].label) if name in form.fields else ""
