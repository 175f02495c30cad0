"""Monitors of a service: what they saw last, new ones, changes, pauses."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.actions.monitor import create_monitor, set_monitor_charted, set_monitor_enabled
from incidents.actions.monitor_edit import edit_monitor
from incidents.console.access import StaffRequest, staff_view
from incidents.console.lookup import find_service
from incidents.console.monitor_forms import MonitorForm
from incidents.console.monitor_kinds import FORMS
from incidents.console.refusals import refuse_into, sentence_of
from incidents.console.screen import render_screen, status_of
from incidents.console.sources import sources_of
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import CheckResult, Monitor, MonitorKind, Observation, Service, ServiceStatus
from incidents.monitors.checkers.baseline import DEFAULT_POLICY, UNUSUAL
from incidents.monitors.drifting import know_networks, known_networks
from incidents.monitors.intake import accept_level
from incidents.monitors.series import Series
from incidents.queries.charts import charted
from incidents.queries.service import UpstreamView, reported_status, view_upstream
from incidents.snapshots.measured import draw_charts

MOST_RESULTS = 30
PUSHED_TO = (MonitorKind.BASELINE, MonitorKind.SPF)


@staff_view
@require_safe
def choose_kind(request: StaffRequest, slug: str) -> HttpResponse:
    kinds = [(form.kind, form.about) for form in FORMS.values()]
    context = {"service": find_service(request, slug), "kinds": kinds, "section": "services"}
    return render_screen(request, "console/monitor_kinds.html", context)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: StaffRequest, slug: str, kind: str) -> HttpResponse:
    """Answers a new monitor with its address and token at once: the token is kept nowhere."""
    service = find_service(request, slug)
    form = _form_of(kind)(request.POST or None)
    if form.is_valid():
        try:
            monitor, token = create_monitor(service, kind=kind, **form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            context = {
                "section": "services",
                "service": service,
                "monitor": monitor,
                "token": token if monitor.kind in PUSHED_TO else "",
                "push_address": _push_address(monitor),
            }
            return render_screen(request, "console/monitor_made.html", context)
    context = {"form": form, "service": service, "section": "services"}
    return render_screen(request, "console/monitor_form.html", context, status=status_of(form))


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, slug: str, monitor_id: int) -> HttpResponse:
    monitor = _find(request, slug, monitor_id)
    form = _form_of(monitor.kind)(request.POST or None, monitor=monitor)
    if form.is_valid():
        try:
            edit_monitor(monitor, **form.values(), actor=request.user)
        except Refused as refused:
            refuse_into(form, refused)
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("console:monitor", slug=slug, monitor_id=monitor_id)
    context = {"form": form, "monitor": monitor, "service": monitor.service, "section": "services"}
    return render_screen(request, "console/monitor_form.html", context, status=status_of(form))


@staff_view
@require_safe
def show(request: StaffRequest, slug: str, monitor_id: int) -> HttpResponse:
    """The monitor with its last results, or values, the newest first."""
    monitor = _find(request, slug, monitor_id)
    is_counted = monitor.kind == MonitorKind.BASELINE
    context = {
        "monitor": monitor,
        "service": monitor.service,
        "push_address": _push_address(monitor),
        "has_form": monitor.kind in FORMS,
        "is_counted": is_counted,
        "results": [] if is_counted else monitor.results.order_by("-at")[:MOST_RESULTS],
        "values": monitor.observations.order_by("-at")[:MOST_RESULTS] if is_counted else [],
        "charts": draw_charts([charted(monitor)], now=times.now(), zone=request.page.zone),
        **(_counting(monitor) if is_counted else {}),
        "section": "services",
        **(sources_of(monitor) if monitor.kind == MonitorKind.SPF else {}),
        **(_reported_by(monitor) if monitor.kind == MonitorKind.UPSTREAM else {}),
    }
    return render_screen(request, "console/monitor.html", context)


def _reported_by(monitor: Monitor) -> dict[str, Any]:
    """What an upstream said last, and since when."""
    memory = monitor.state.get("memory") or {}
    since = memory.get("since")
    return {
        "reported": ServiceStatus(memory.get("status", ServiceStatus.UNKNOWN)),
        "reported_since": datetime.fromisoformat(since) if since else None,
    }


@staff_view
@require_POST
def accept(request: StaffRequest, slug: str, monitor_id: int) -> HttpResponse:
    """Takes the level that a count has now for its usual one."""
    monitor = _find(request, slug, monitor_id)
    try:
        accept_level(monitor, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    else:
        messages.success(
            request, _("The present level of %(name)s is now its usual one.") % {"name": monitor.name}
        )
    return redirect("console:monitor", slug=slug, monitor_id=monitor_id)


@staff_view
@require_POST
def pause(request: StaffRequest, slug: str, monitor_id: int) -> HttpResponse:
    """Pauses the monitor, or with `enabled=1` lets it go on."""
    monitor = _find(request, slug, monitor_id)
    enabled = request.POST.get("enabled") == "1"
    try:
        set_monitor_enabled(monitor, enabled, actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    else:
        message = _("%(name)s is watching again.") if enabled else _("%(name)s is paused.")
        messages.success(request, message % {"name": monitor.name})
    return redirect("console:service", slug=slug)


@staff_view
@require_POST
def know(request: StaffRequest, slug: str, monitor_id: int) -> HttpResponse:
    """Takes an unpublished network as the sender's from now on."""
    monitor = _find(request, slug, monitor_id)
    if monitor.kind != MonitorKind.SPF:
        raise Http404
    known = known_networks(monitor)
    network = request.POST.get("network", "")
    try:
        know_networks(monitor, [*known, network], actor=request.user)
    except Refused as refused:
        messages.error(request, sentence_of(refused))
    else:
        messages.success(request, _("%(name)s is known from now on.") % {"name": network})
    return redirect("console:monitor", slug=slug, monitor_id=monitor_id)


@staff_view
@require_POST
def chart(request: StaffRequest, slug: str, monitor_id: int) -> HttpResponse:
    """Shows the monitor's chart to the public with `charted=1`, or hides it."""
    monitor = _find(request, slug, monitor_id)
    charted = request.POST.get("charted") == "1"
    set_monitor_charted(monitor, charted, actor=request.user)
    shown, hidden = _("The chart of %(name)s is public."), _("The chart of %(name)s is no longer public.")
    if monitor.kind == MonitorKind.UPSTREAM:
        shown, hidden = _("What %(name)s reports is public."), _("What %(name)s reports is no longer public.")
    messages.success(request, (shown if charted else hidden) % {"name": monitor.name})
    return redirect("console:service", slug=slug)


def monitors_of(service: Service) -> QuerySet[Monitor]:
    """Each with its newest result or value, in one query."""
    results = CheckResult.objects.filter(monitor=OuterRef("pk")).order_by("-at")
    values = Observation.objects.filter(monitor=OuterRef("pk")).order_by("-at")
    return (
        Monitor.objects.filter(service=service)
        .defer("state")
        .annotate(
            reported=reported_status(),
            result_at=Subquery(results.values("at")[:1]),
            result_ok=Subquery(results.values("ok")[:1]),
            result_latency_ms=Subquery(results.values("latency_ms")[:1]),
            result_detail=Subquery(results.values("detail")[:1]),
            value_at=Subquery(values.values("at")[:1]),
            value=Subquery(values.values("value")[:1]),
        )
    )


def upstreams_of(monitors: Iterable[Monitor]) -> list[UpstreamView]:
    """Of `monitors_of`: what those on which the service stands report, if it is not that all is well."""
    upstream = [one for one in monitors if one.kind == MonitorKind.UPSTREAM]
    return [view for one in upstream if (view := view_upstream(one))]


def _find(request: StaffRequest, slug: str, monitor_id: int) -> Monitor:
    service = find_service(request, slug)
    monitor = get_object_or_404(Monitor, service=service, pk=monitor_id)
    monitor.service = service
    return monitor


def _counting(monitor: Monitor) -> dict[str, Any]:
    """What is known of a count: when enough will have been learnt to judge, and what is unusual, since when."""
    series = Series.from_json(monitor.state)
    learnt_at = series.first_at and series.first_at + timedelta(days=DEFAULT_POLICY.days_to_learn)
    is_unusual = series.settled in UNUSUAL and monitor.verdict in UNUSUAL
    return {
        "learnt_at": learnt_at if learnt_at and learnt_at > times.now() else None,
        "unusual_since": series.onset_at if is_unusual else None,
        "percent": round(100 * series.level) if is_unusual else None,
    }


def _form_of(kind: str) -> type[MonitorForm]:
    if kind not in FORMS:
        raise Http404
    return FORMS[kind]


def _push_address(monitor: Monitor) -> str:
    if monitor.kind == MonitorKind.HEARTBEAT:
        return f"{settings.SITE_URL}/ping/{monitor.public_id}"
    if monitor.kind == MonitorKind.MAIL_ROUND_TRIP and not monitor.settings.get("imap_server"):
        return f"{settings.SITE_URL}/ping/{monitor.public_id}/<marker>"
    return f"{settings.SITE_URL}/observations/{monitor.public_id}" if monitor.kind in PUSHED_TO else ""
