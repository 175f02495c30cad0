"""Sources of alerts: made with a secret that is shown once, looked at, tried out, switched off."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions import alert_source as actions
from incidents.actions.alert import create_source, rotate_secret
from incidents.alerts.intake import to_json
from incidents.alerts.mapping import PRESETS, to_stored
from incidents.console.access import StaffRequest, staff_view
from incidents.console.alert_events import show_events
from incidents.console.alert_setups import SETUPS, Setup, setup_of, show_setup
from incidents.console.alert_source_forms import RotateForm, SourceForm
from incidents.console.alert_test_form import TestForm
from incidents.console.lookup import find_alert_source
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.screen import render_screen, status_of
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.tokens import new_secret
from incidents.models import AlertFormat, AlertSource
from incidents.queries.alert_sources import is_overlapping, refusals_of, sources_of

MOST_REFUSALS = 20
SECTION = {"section": "services"}


@staff_view
@require_safe
def list_sources(request: StaffRequest) -> HttpResponse:
    context = {**SECTION, "sources": sources_of(request.page, now=times.now())}
    return render_screen(request, "console/alert_sources.html", context)


@staff_view
@require_safe
def choose_setup(request: StaffRequest) -> HttpResponse:
    return render_screen(request, "console/alert_setups.html", {**SECTION, "setups": SETUPS.items()})


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: StaffRequest, word: str) -> HttpResponse:
    """Answers a new source with its secret at once: it is shown nowhere else."""
    if word not in SETUPS:
        raise Http404
    setup = SETUPS[word]
    usual_name = "" if word == AlertFormat.GENERIC else str(setup.label)
    form = SourceForm(request.POST or None, page=request.page, kind=setup.kind, name=usual_name)
    if form.is_valid():
        mapping = to_stored(PRESETS[setup.preset]) if setup.preset else None
        try:
            source = create_source(
                request.page, kind=setup.kind, **form.values(), mapping=mapping, actor=request.user
            )
        except Refused as refused:
            refuse_into(form, refused)
        else:
            return _render_secret(request, source, setup)
    context = {**SECTION, "form": form, "setup": setup}
    return render_screen(request, "console/alert_source_form.html", context, status=status_of(form))


@staff_view
@require_safe
def show_source(request: StaffRequest, source_id: int) -> HttpResponse:
    return _render(request, find_alert_source(request, source_id))


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, source_id: int) -> HttpResponse:
    source = find_alert_source(request, source_id)
    form = SourceForm(request.POST or None, page=request.page, source=source)
    if form.is_valid():
        try:
            actions.edit_source(source, **form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("console:alert_source", source_id=source_id)
    context = {**SECTION, "form": form, "source": source, "setup": setup_of(source)}
    return render_screen(request, "console/alert_source_form.html", context, status=status_of(form))


@staff_view
@require_POST
def rotate(request: StaffRequest, source_id: int) -> HttpResponse:
    """Answers with the new secret at once: it is shown nowhere else."""
    source = find_alert_source(request, source_id)
    form = RotateForm(request.POST, source=source)
    if form.is_valid():
        try:
            source = rotate_secret(source, secret=form.cleaned_data.get("secret", ""), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            return _render_secret(request, source, setup_of(source))
    return _render(request, source, rotating=form)


@staff_view
@require_POST
def revoke(request: StaffRequest, source_id: int) -> HttpResponse:
    actions.revoke_previous_secret(find_alert_source(request, source_id), actor=request.user)
    messages.success(request, _("The former secret is taken no more."))
    return redirect("console:alert_source", source_id=source_id)


@staff_view
@require_POST
def enable(request: StaffRequest, source_id: int) -> HttpResponse:
    """Switches the source off, or with `enabled=1` on again."""
    enabled = request.POST.get("enabled") == "1"
    source = find_alert_source(request, source_id)
    actions.set_source_enabled(source, enabled, actor=request.user)
    message = _("%(name)s is listened to again.") if enabled else _("%(name)s is switched off.")
    messages.success(request, message % {"name": source.name})
    return redirect("console:alert_source", source_id=source_id)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: StaffRequest, source_id: int) -> HttpResponse:
    source = find_alert_source(request, source_id)
    if request.method != "POST":
        context = {**SECTION, "source": source}
        return render_screen(request, "console/alert_source_remove.html", context)
    actions.remove_source(source, actor=request.user)
    messages.success(request, _("%(name)s is removed.") % {"name": source.name})
    return redirect("console:alert_sources")


@staff_view
@require_POST
def send_test(request: StaffRequest, source_id: int) -> HttpResponse:
    source = find_alert_source(request, source_id)
    form = TestForm(request.POST)
    if form.is_valid():
        try:
            actions.send_test(source, to_json(form.heard(name=new_secret()[:12])), actor=request.user)
        except Refused as refused:
            form.add_error(None, sentence_of(refused))
        else:
            messages.success(request, _("The test is on its way: in a few seconds it stands below."))
            return redirect("console:alert_source", source_id=source_id)
    return _render(request, source, testing=form)


def _render(
    request: StaffRequest,
    source: AlertSource,
    *,
    rotating: RotateForm | None = None,
    testing: TestForm | None = None,
) -> HttpResponse:
    setup, events = setup_of(source), show_events(source)
    context: dict[str, Any] = {
        **SECTION,
        "source": source,
        "setup": setup,
        "shown": show_setup(setup, source),
        "is_generic": source.format == AlertFormat.GENERIC,
        "is_unread": is_unread(source),
        "is_overlapping": is_overlapping(source, now=times.now()),
        "events": events,
        "is_waiting": any(one.event.taken_at is None for one in events),
        "refusals": refusals_of(source, most=MOST_REFUSALS),
        "rotate_form": rotating or RotateForm(source=source),
        "test_form": testing or TestForm(),
    }
    return render_screen(request, "console/alert_source.html", context, status=status_of(rotating, testing))


def _render_secret(request: StaffRequest, source: AlertSource, setup: Setup) -> HttpResponse:
    shown = show_setup(setup, source, secret=source.secret)
    context = {
        **SECTION,
        "source": source,
        "setup": setup,
        "shown": shown,
        "is_unread": is_unread(source),
        "is_overlapping": is_overlapping(source, now=times.now()),
    }
    return render_screen(request, "console/alert_source_secret.html", context)


def is_unread(source: AlertSource) -> bool:
    """Whether nothing of what it sends can be read yet."""
    return source.format == AlertFormat.GENERIC and not source.mapping
