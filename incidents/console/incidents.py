"""All incidents, a new one, and what happens to a draft."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import incident as actions
from incidents.actions import update as update_actions
from incidents.console.access import StaffRequest, staff_view
from incidents.console.incident_forms import (
    CorrectionForm,
    DismissalForm,
    NewIncidentForm,
    ReportPromiseForm,
)
from incidents.console.incident_page import render_incident
from incidents.console.lookup import find_incident
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.screen import render_screen, status_of
from incidents.lib.errors import Refused
from incidents.models import OVER, Incident, IncidentState, Service
from incidents.queries.incident import has_just_published

PER_PAGE = 50
FILTERS = {
    "all": Q(),
    "open": Q(state=IncidentState.PUBLIC) & ~Q(stage__in=OVER),
    "draft": Q(state=IncidentState.DRAFT),
    "over": Q(state=IncidentState.PUBLIC, stage__in=OVER),
    "dismissed": Q(state=IncidentState.DISMISSED),
}


@staff_view
@require_safe
def list_incidents(request: StaffRequest) -> HttpResponse:
    chosen = request.GET.get("show", "all")
    words = request.GET.get("q", "").replace("\0", "").strip()[:150]
    found = Incident.objects.filter(FILTERS.get(chosen, Q()), page=request.page)
    if words:
        found = found.filter(Q(title__icontains=words) | Q(reference__icontains=words))
    listed = (
        found.select_related("report").prefetch_related("impacts__service").order_by("-started_at", "-pk")
    )
    context = {
        "section": "incidents",
        "incidents": Paginator(listed, PER_PAGE).get_page(request.GET.get("page")),
        "chosen": chosen if chosen in FILTERS else "all",
        "filters": _filters(),
        "words": words,
    }
    return render_screen(request, "console/incidents.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def open_new(request: StaffRequest) -> HttpResponse:
    services = list(Service.objects.filter(page=request.page).select_related("group"))
    form = NewIncidentForm(request.POST or None, services=services, languages=request.page.languages[1:])
    if form.is_valid():
        try:
            incident = actions.open_incident(
                request.page,
                title=form.cleaned_data["title"],
                titles=form.titles(),
                scope=form.scope(),
                severity=form.cleaned_data["severity"],
                started_at=form.cleaned_data["started_at"],
                actor=request.user,
            )
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Opened as a draft. Nothing is public yet."))
            return redirect("console:incident", reference=incident.reference)
    status = 422 if form.errors else 200
    return render_screen(
        request, "console/incident_new.html", {"form": form, "section": "incidents"}, status=status
    )


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: StaffRequest, reference: str) -> HttpResponse:
    incident = find_incident(request, reference)
    form = CorrectionForm(request.POST or None, incident=incident)
    if form.is_valid():
        try:
            actions.correct_incident(
                incident,
                title=form.cleaned_data["title"],
                titles=form.titles(),
                started_at=form.cleaned_data["started_at"],
                actor=request.user,
            )
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Title and onset are saved."))
            return redirect("console:incident", reference=reference)
    context = {"form": form, "incident": incident, "section": "incidents"}
    return render_screen(request, "console/incident_correct.html", context, status=status_of(form))


@staff_view
@require_POST
def promise_report(request: StaffRequest, reference: str) -> HttpResponse:
    incident = find_incident(request, reference)
    form = ReportPromiseForm(request.POST, incident=incident)
    if form.is_valid():
        try:
            given = form.cleaned_data
            actions.promise_report(
                incident,
                given["report_due_on"],
                interim_suffices=given["interim_suffices"],
                actor=request.user,
            )
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("The promise of the report is saved."))
            return redirect("console:incident", reference=reference)
    return render_incident(request, incident, promise=form)


@staff_view
@require_POST
def publish_draft(request: StaffRequest, reference: str) -> HttpResponse:
    """The one click."""
    incident = find_incident(request, reference)
    try:
        update = update_actions.publish_draft(incident, actor=request.user)
    except Refused as refused:
        if not has_just_published(incident, by=request.user):  # the second half of a double click
            messages.warning(request, sentence_of(refused))
    else:
        told = update.notice.audience
        message = ngettext(
            "Published. %(n)s person is notified.", "Published. %(n)s people are notified.", told
        )
        messages.success(request, message % {"n": told})
    return redirect("console:incident", reference=reference)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def dismiss_draft(request: StaffRequest, reference: str) -> HttpResponse:
    incident = find_incident(request, reference)
    form = DismissalForm(request.POST or None)
    if form.is_valid():
        try:
            actions.dismiss_draft(incident, reason=form.cleaned_data["reason"], actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("Closed without publication. It stays on the record."))
            return redirect("console:dashboard")
    context = {"form": form, "incident": incident, "section": "incidents"}
    return render_screen(request, "console/incident_dismiss.html", context, status=status_of(form))


def _filters() -> list[tuple[str, str]]:
    return [
        ("all", _("All")),
        ("draft", _("Drafts")),
        ("open", _("Open")),
        ("over", _("Resolved")),
        ("dismissed", _("Closed without publication")),
    ]
