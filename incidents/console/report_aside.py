"""What stands beside a report's texts: third parties, claims that somebody vouches for, figures, a proposed scope."""

import re
from collections.abc import Iterable
from typing import cast
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.actions.report_figure import add_figure, remove_figure
from incidents.actions.report_text import confirm_claim, set_parties
from incidents.actions.report_words import text_of
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_incident, find_report
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.report_forms import FigureForm, PartiesForm, languages_beside
from incidents.console.reports import render_editor
from incidents.lib.errors import Refused
from incidents.lib.languages import said_by
from incidents.models import Figure, Impact, Report
from incidents.queries.report import count_customers, hits_of
from incidents.reports.document import Language
from incidents.reports.editing import Edit, save_edits
from incidents.reports.proposal import Hit, word_scope
from incidents.reports.words import WORDS

CLAIM = re.compile(r"[a-z_]{1,30}-[0-9a-f]{12}")


@staff_view
@require_POST
def name_parties(request: StaffRequest, reference: str) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    form = PartiesForm(request.POST, report=report)
    if form.is_valid():
        try:
            set_parties(report, form.parties(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("The third parties are saved."))
            return redirect("console:report", reference=reference)
    return render_editor(request, report, parties_form=form, status=422)


@staff_view
@require_POST
def vouch(request: StaffRequest, reference: str) -> HttpResponse:
    """Somebody says that a sentence is true, or takes that back."""
    report = find_report(find_incident(request, reference))
    claim = request.POST.get("claim", "")
    if not CLAIM.fullmatch(claim):
        return HttpResponse(status=400)
    try:
        confirm_claim(report, claim, is_true="withdraw" not in request.POST, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    if request.htmx:
        return HttpResponse(status=204)
    return redirect("console:report", reference=reference)


@staff_view
@require_POST
def propose(request: StaffRequest, reference: str) -> HttpResponse:
    """Words the scope from the record, in each language in which nobody has written it yet."""
    report = find_report(find_incident(request, reference))
    languages = [report.language, *languages_beside(report, request.page, known=WORDS)]
    empty = [code for code in languages if not text_of(report, "scope", code).strip()]
    edits = [Edit("scope", code, text, "") for code, text in _word_scopes(report, empty).items()]
    try:
        save_edits(report, edits, settles=False, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    else:
        done = _("The scope is proposed from the record. Read it before you go on.")
        messages.success(request, done if edits else _("The scope is written already; nothing was replaced."))
    return redirect("console:report", reference=reference)


@staff_view
@require_POST
def upload_figure(request: StaffRequest, reference: str) -> HttpResponse:
    """Answers the Markdown that shows the figure: to the script, or as a message."""
    report = find_report(find_incident(request, reference))
    form = FigureForm(request.POST, request.FILES)
    markdown = _taken(request, report, form) if form.is_valid() else ""
    if request.htmx:
        errors = {name: texts[0] for name, texts in form.errors.items()}
        return JsonResponse({"markdown": markdown, "errors": errors}, status=200 if markdown else 422)
    if not markdown:
        return render_editor(request, report, figure_form=form, status=422)
    messages.success(
        request, _("The figure is kept. In a text it stands as %(markdown)s") % {"markdown": markdown}
    )
    return redirect("console:report", reference=reference)


@staff_view
@require_POST
def drop_figure(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    report = find_report(find_incident(request, reference))
    try:
        remove_figure(report, name, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    else:
        messages.success(request, _("The figure is removed."))
    return redirect("console:report", reference=reference)


@staff_view
@require_safe
def show_figure(request: StaffRequest, reference: str, name: str) -> HttpResponse:
    """For staff alone: a draft's figures are no one else's."""
    report = find_report(find_incident(request, reference))
    figure = get_object_or_404(Figure, report=report, name=name)
    response = HttpResponse(bytes(figure.image), content_type=figure.media_type)
    response.headers["Cache-Control"] = "private, max-age=300"  # else the preview flickers at every pause
    return response


def _word_scopes(report: Report, languages: Iterable[str]) -> dict[str, str]:
    impacts, customers = hits_of(report), count_customers(report)
    first, zone = report.incident.page.first_language, ZoneInfo(report.time_zone)

    def name(impact: Impact, language: str) -> str:
        return said_by(impact.service, "name", language=language, first=first).text

    return {
        code: word_scope(
            [Hit(name(impact, code), impact.from_at, impact.until_at) for impact in impacts],
            customers=customers,
            language=cast(Language, code),
            zone=zone,
        )
        for code in languages
    }


def _taken(request: StaffRequest, report: Report, form: FigureForm) -> str:
    try:
        figure = add_figure(report, form.cleaned_data["figure"], claimed=form.claimed, actor=request.user)
    except Refused as refused:
        refuse_into(form, refused)
        return ""
    return form.markdown(figure.name)
