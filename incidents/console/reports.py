"""The report of an incident: drafted, written, previewed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import report as actions
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_incident, find_report
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.report_checks import check_report
from incidents.console.report_forms import (
    PROSE,
    FigureForm,
    PartiesForm,
    ReportForm,
    languages_beside,
    name_languages,
)
from incidents.console.report_people import note_presence, people_beside
from incidents.console.report_sheet import draw_sheet
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import Incident, LogEntry, Report, ReportState
from incidents.queries.report import count_customers, hits_of, with_record
from incidents.reports.editing import Saved, save_edits, with_typed
from incidents.reports.words import WORDS


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_report(request: StaffRequest, reference: str, language: str = "") -> HttpResponse:
    """The report's texts, in its first language or beside another; without a report yet, the offer to draft one.

    What is sent is saved, or only shown where the preview was asked for.
    """
    incident = find_incident(request, reference)
    report = Report.objects.filter(incident=incident).select_related("service").first()
    if report is None:
        return render_screen(
            request, "console/report_none.html", {"incident": incident, "section": "incidents"}
        )
    report.incident = incident
    others = languages_beside(report, request.page, known=WORDS)
    beside = [language] if language in others else []
    form = ReportForm(request.POST or None, report=report, languages=beside)
    if form.is_valid() and "preview" not in request.POST:
        try:
            saved = save_edits(report, form.edits(), settles=True, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            if not saved.overtaken:
                messages.success(request, _("The report is saved."))
                return redirect(request.path)
            return _render_overtaken(request, saved, language=language)
    return render_editor(request, report, form=form, language=language)


@staff_view
@require_POST
def draft(request: StaffRequest, reference: str) -> HttpResponse:
    incident = find_incident(request, reference)
    try:
        actions.draft_report(incident, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    else:
        messages.success(request, _("The report is drafted from the record."))
    return redirect("console:report", reference=reference)


@staff_view
@require_safe
def preview(request: StaffRequest, reference: str) -> HttpResponse:
    """The report as readers will get it."""
    report = find_report(find_incident(request, reference))
    context = {"section": "incidents", "incident": report.incident, "report": report}
    language = request.GET.get("language", "")
    sheet = draw_sheet(with_record(report.pk), language=language if language in WORDS else "")
    return render_screen(request, "console/report_preview.html", {**context, **vars(sheet)})


def render_editor(
    request: StaffRequest,
    report: Report,
    *,
    form: ReportForm | None = None,
    language: str = "",
    status: int | None = None,
    **more: Any,
) -> HttpResponse:
    """`language` is the one beside the first, "" for none. What is typed is shown as it would be printed."""
    others = languages_beside(report, request.page, known=WORDS)
    beside = language if language in others else ""
    form = form or ReportForm(report=report, languages=[beside] if beside else [])
    shown = with_record(report.pk)
    if form.is_bound:
        with_typed(shown, form.typed())
    note_presence(report, request.user)
    parts = form.parts()
    context = {
        "section": "incidents",
        **frame(report, others=others, tab=beside or report.language),
        "form": form,
        "parts": parts,
        "pairs": [(parts[name], parts[f"{name}_{beside}"]) for name in PROSE] if beside else [],
        "beside": beside,
        "sheet": draw_sheet(shown, language=beside),
        "checks": check_report(shown, language=beside or report.language),
        "people": people_beside(report, request.user),
        "parties_form": PartiesForm(report=report),
        "figure_form": FigureForm(),
        "figures": report.figures.defer("image"),
        "hits": hits_of(report),
        "customers": count_customers(report),
        "is_unsaved": form.is_bound,
    }
    return render_screen(
        request, "console/report.html", {**context, **more}, status=status or status_of(form)
    )


def frame(report: Report, *, others: list[str], tab: str) -> dict[str, Any]:
    """What all screens of a report's draft show around their part."""
    return {
        "incident": report.incident,
        "report": report,
        "tab": tab,
        "others": name_languages(others),
        "is_draft": report.state == ReportState.DRAFT,
        "is_issued": report.state in (ReportState.ISSUED, ReportState.WITHDRAWN),
        "missing": _count_missing(report.incident, report),
    }


def _count_missing(incident: Incident, report: Report) -> int:
    """Lines of the log written since the report's were drawn."""
    known = report.lines.values("entry")
    return LogEntry.objects.filter(incident=incident).exclude(pk__in=known).count()


def _render_overtaken(request: StaffRequest, saved: Saved, *, language: str) -> HttpResponse:
    """The rest is saved. Where someone else was first, both are shown; saving again knowingly replaces theirs."""
    report = saved.report
    data = request.POST.copy()
    others = languages_beside(report, request.page, known=WORDS)
    form = ReportForm(data, report=report, languages=[language] if language in others else [])
    for name, key in form.keys.items():
        theirs = saved.overtaken.get(key)
        if theirs is None:
            data.pop(f"base_{name}", None)
        else:
            data[f"base_{name}"] = theirs
            form.fields[name].theirs = theirs  # type: ignore[attr-defined]
    form.is_valid()
    return render_editor(request, report, form=form, language=language, status=409, is_overtaken=True)
