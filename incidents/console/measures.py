"""Permanent measures: of one report and over all, and the note to customers once they are carried out."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import measure as actions
from incidents.actions.measures_note import NoteText, can_be_read, tell_measures
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_incident, find_report
from incidents.console.measure_forms import DropForm, MeasureForm, MeasuresNoteForm
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.screen import render_screen, status_of
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.languages import Texts
from incidents.models import Measure, MeasuresNote, MeasureState, Page, Report
from incidents.notices import fanout
from incidents.queries.measures import filters, measures_of_page, measures_of_report
from incidents.reports.masking import mask_words
from incidents.reports.measure_items import list_items

PER_PAGE = 50


@staff_view
@require_safe
def list_measures(request: StaffRequest) -> HttpResponse:
    known = filters(today=times.now().astimezone(request.page.zone).date(), staff=request.user)
    chosen = request.GET.get("show", "open")
    chosen = chosen if chosen in known else "open"
    found = measures_of_page(request.page).filter(known[chosen]).order_by("due_on", "pk")
    context = {
        "section": "incidents",
        "measures": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "chosen": chosen,
        "filters": _filters(),
    }
    return render_screen(request, "console/measures.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_measures(request: StaffRequest, reference: str) -> HttpResponse:
    """Those of one report; a POST adds one."""
    report = find_report(find_incident(request, reference))
    form = MeasureForm(request.POST or None, text=request.GET.get("text", "")[: actions.LONGEST_TEXT])
    if form.is_valid():
        try:
            actions.add_measure(report, **form.cleaned_data, actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("The measure is added. Its owner will be reminded by mail."))
            return redirect("console:measures_of", reference=reference)
    return _render(request, report, form=form)


@staff_view
@require_POST
def tell(request: StaffRequest, reference: str) -> HttpResponse:
    """The first press shows whom it would reach, the second tells."""
    report = find_report(find_incident(request, reference))
    note = _note_form(request.page, data=request.POST)
    if not note.is_valid() or "confirmed" not in request.POST:
        return _render(request, report, note=note, to_confirm=note.is_valid())
    try:
        tell_measures(
            report, _masked(note.text(), report), notify=note.cleaned_data["notify"], actor=request.user
        )
    except Refused as refused:
        refuse_into(note, refused)
        return _render(request, report, note=note)
    messages.success(request, _("The note is on the report's page."))
    return redirect("console:measures_of", reference=reference)


def _masked(note: NoteText, report: Report) -> NoteText:
    """Third parties are named to the public nowhere."""
    texts = {
        language: {name: mask_words(text, report.parties) for name, text in own.items()}
        for language, own in note.texts.items()
    }
    return NoteText(mask_words(note.body, report.parties), texts)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def show_measure(request: StaffRequest, public_id: str) -> HttpResponse:
    measure = _find(request, public_id)
    form = MeasureForm(request.POST or None, measure=measure)
    if form.is_valid() and _did(
        request, form, lambda: actions.change_measure(measure, **form.cleaned_data, actor=request.user)
    ):
        return redirect("console:measure", public_id=public_id)
    return _render_one(request, measure, form=form)


@staff_view
@require_POST
def finish(request: StaffRequest, public_id: str) -> HttpResponse:
    measure = _find(request, public_id)
    try:
        actions.finish_measure(measure, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    else:
        messages.success(request, _("The measure is done."))
    return redirect("console:measures_of", reference=measure.report.incident.reference)


@staff_view
@require_POST
def drop(request: StaffRequest, public_id: str) -> HttpResponse:
    measure, form = _find(request, public_id), DropForm(request.POST)
    if form.is_valid() and _did(
        request, form, lambda: actions.drop_measure(measure, **form.cleaned_data, actor=request.user)
    ):
        return redirect("console:measures_of", reference=measure.report.incident.reference)
    return _render_one(request, measure, drop=form)


@staff_view
@require_POST
def reopen(request: StaffRequest, public_id: str) -> HttpResponse:
    actions.reopen_measure(_find(request, public_id), actor=request.user)
    messages.success(request, _("The measure is open again."))
    return redirect("console:measure", public_id=public_id)


def _did(request: StaffRequest, form: Any, act: Callable[[], object]) -> bool:
    try:
        act()
    except Refused as refused:
        refuse_into(form, refused)
        return False
    messages.success(request, _("Saved."))
    return True


def _find(request: StaffRequest, public_id: str) -> Measure:
    try:
        named = UUID(public_id)
    except ValueError:
        raise Http404("no measure is called so") from None
    return get_object_or_404(measures_of_page(request.page), public_id=named)


def _filters() -> list[tuple[str, str]]:
    return [
        ("open", pgettext("measure", "Open")),
        ("overdue", _("Overdue")),
        ("mine", _("Mine")),
        ("done", pgettext("measure", "Done")),
        ("dropped", pgettext("measure", "Dropped")),
        ("all", _("All")),
    ]


def _render_one(
    request: StaffRequest, measure: Measure, *, form: MeasureForm | None = None, drop: DropForm | None = None
) -> HttpResponse:
    context = {
        "section": "incidents",
        "measure": measure,
        "incident": measure.report.incident,
        "form": form or MeasureForm(measure=measure),
        "drop_form": drop or DropForm(),
    }
    return render_screen(request, "console/measure.html", context, status=status_of(form, drop))


def _render(
    request: StaffRequest,
    report: Report,
    *,
    form: MeasureForm | None = None,
    note: MeasuresNoteForm | None = None,
    to_confirm: bool = False,
) -> HttpResponse:
    measures = measures_of_report(report)
    taken = {measure.text for measure in measures}
    context = {
        "section": "incidents",
        "incident": report.incident,
        "report": report,
        "measures": measures,
        "offered": [item for item in list_items(report.measures) if item and item not in taken],
        "form": form or MeasureForm(),
        **_note_part(request, report, measures, note=note),
        "to_confirm": to_confirm,
    }
    return render_screen(request, "console/measures_of.html", context, status=status_of(form, note))


def _note_part(
    request: StaffRequest, report: Report, measures: list[Measure], *, note: MeasuresNoteForm | None
) -> dict[str, Any]:
    """What was told, or the form to tell it once nothing is open; where neither, why not."""
    told = MeasuresNote.objects.filter(report=report).select_related("published_by").first()
    states = {measure.state for measure in measures}
    is_over = MeasureState.DONE in states and MeasureState.OPEN not in states
    is_public = can_be_read(report)
    if told or not (is_over and is_public):
        return {"told": told, "is_over": is_over, "is_public": is_public}
    audience = fanout.report_audience(report).count()
    reach = ngettext("%(n)s person is notified.", "%(n)s people are notified.", audience) % {"n": audience}
    return {"note_form": note or _note_form(request.page), "reach": reach}


def _note_form(page: Page, *, data: Any = None) -> MeasuresNoteForm:
    return MeasuresNoteForm(data, page=page, proposed=_proposed(page))


def _proposed(page: Page) -> Texts:
    proposed = {}
    for language in page.languages:
        with translation.override(language):
            body = _("All permanent measures that this report announced have been carried out.")
        proposed[language] = {"body": body}
    return proposed
