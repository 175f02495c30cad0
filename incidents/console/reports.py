"""The report of an incident: drafted, written, previewed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import report as actions
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_incident, find_report
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.report_forms import LinesForm, ReportForm
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.lib.markdown import render as render_markdown
from incidents.models import LogEntry, Report, ReportLine, ReportState
from incidents.queries.report import with_record
from incidents.reports import html
from incidents.reports.build import document_of


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_report(request: StaffRequest, reference: str) -> HttpResponse:
    """The report's texts; without a report yet, the offer to draft one."""
    incident = find_incident(request, reference)
    report = Report.objects.filter(incident=incident).select_related("service").first()
    if report is None:
        return render_screen(
            request, "console/report_none.html", {"incident": incident, "section": "incidents"}
        )
    report.incident = incident
    form = ReportForm(request.POST or None, report=report)
    if form.is_valid():
        version = form.cleaned_data["version"]
        try:
            actions.save_report(report, form.values(), version=version, actor=request.user)
        except Refused as refused:
            return _render_refused(request, report, form, refused)
        messages.success(request, _("The report is saved."))
        return redirect("console:report", reference=reference)
    return _render_report(request, report, form=form)


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
@require_POST
def choose_lines(request: StaffRequest, reference: str) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    form = LinesForm(request.POST, lines=_lines(report), version=report.version)
    if form.is_valid():
        try:
            actions.choose_lines(
                report, form.choices(), version=form.cleaned_data["version"], actor=request.user
            )
        except Refused as refused:
            refuse_into(form, refused)
            form.data = {**form.data.dict(), "version": str(report.version)}  # type: ignore[attr-defined]
        else:
            messages.success(request, _("The timeline is saved."))
            return redirect("console:report", reference=reference)
    return _render_report(request, report, lines_form=form)


@staff_view
@require_POST
def take_up_lines(request: StaffRequest, reference: str) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    actions.add_missing_lines(report, actor=request.user)
    return redirect("console:report", reference=reference)


@staff_view
@require_safe
def preview(request: StaffRequest, reference: str) -> HttpResponse:
    """The report as readers will get it."""
    report = find_report(find_incident(request, reference))
    context = {"section": "incidents", "incident": report.incident, "report": report}
    return render_screen(request, "console/report_preview.html", {**context, **_document(report)})


def _render_report(
    request: StaffRequest,
    report: Report,
    *,
    form: ReportForm | None = None,
    lines_form: LinesForm | None = None,
    status: int | None = None,
) -> HttpResponse:
    lines = _lines(report)
    form = form or ReportForm(report=report)
    lines_form = lines_form or LinesForm(lines=lines, version=report.version)
    missing = LogEntry.objects.filter(incident=report.incident_id).count() - len(lines)
    context = {
        "section": "incidents",
        "incident": report.incident,
        "report": report,
        "form": form,
        "lines_form": lines_form,
        "missing": missing,
        "is_issued": report.state in (ReportState.ISSUED, ReportState.WITHDRAWN),
    }
    return render_screen(
        request, "console/report.html", context, status=status or status_of(form, lines_form)
    )


def _render_refused(
    request: StaffRequest, report: Report, form: ReportForm, refused: Refused
) -> HttpResponse:
    """Keeps what was typed. After another's save, shows theirs beside it; the next save knowingly replaces it."""
    refuse_into(form, refused)
    if refused.field != "version":
        return _render_report(request, report, form=form)
    form.data = {**form.data.dict(), "version": str(report.version)}  # type: ignore[attr-defined]
    for name in form.fields:
        theirs = getattr(report, name)
        if name != "version" and form.cleaned_data.get(name) != theirs:
            form.fields[name].theirs = theirs  # type: ignore[attr-defined]
    return _render_report(request, report, form=form, status=409)


def _lines(report: Report) -> list[ReportLine]:
    lines = ReportLine.objects.filter(report=report).select_related("entry__update")
    return list(lines.order_by("entry__happened_at", "entry_id"))


def _document(report: Report) -> dict[str, str]:
    """The report's HTML, or why it cannot be written yet."""
    try:
        return {"document": html.write(document_of(with_record(report.pk)), render_markdown=render_markdown)}
    except Refused as refused:
        return {"problem": sentence_of(refused)}
