"""Machines' addresses: pushed counts and heartbeats. No session, no cookie; the token or the id admits."""

import hmac
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents.hooks.observations import read_points, read_sources
from incidents.lib.credentials import bearer_token
from incidents.lib.errors import Refused
from incidents.lib.tokens import hash_secret
from incidents.models import Monitor, MonitorKind
from incidents.monitors import intake
from incidents.monitors.drifting import take_sources
from incidents.queries.monitor import find_monitor

LARGEST_BODY_BYTES = 1_000_000


@csrf_exempt
@require_http_methods(["POST"])
def take_observations(request: HttpRequest, monitor_id: UUID) -> HttpResponse:
    monitor = find_monitor(monitor_id, MonitorKind.BASELINE, MonitorKind.SPF)
    if monitor is None:
        return _error(404, "there is no such monitor")
    if not hmac.compare_digest(
        hash_secret(bearer_token(request.headers.get("Authorization", ""))), monitor.token_hash
    ):
        return _error(401, "expected the monitor's token as Authorization: Bearer …")
    if not monitor.enabled:
        return _error(409, "this monitor is paused")
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY_BYTES:
        return _error(413, f"expected at most {LARGEST_BODY_BYTES} bytes")
    try:
        accepted = _take(monitor, request.body)
    except Refused as refused:
        return _error(422, str(refused), field=refused.field)
    return JsonResponse({"accepted": accepted}, status=202)


def _take(monitor: Monitor, body: bytes) -> int:
    if monitor.kind == MonitorKind.SPF:
        sources = read_sources(body)
        take_sources(monitor, sources)
        return len(sources)
    points = read_points(body)
    intake.take_observations(monitor, points)
    return len(points)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def take_ping(request: HttpRequest, monitor_id: UUID, event: str = "") -> HttpResponse:
    """Of a job that a heartbeat waits for, or that the message of a mail round trip named in `event` has arrived."""
    monitor = find_monitor(monitor_id, MonitorKind.HEARTBEAT)
    trip = None if monitor else find_monitor(monitor_id, MonitorKind.MAIL_ROUND_TRIP)
    monitor = monitor or trip
    if monitor is None:
        return HttpResponse("not found", status=404, content_type="text/plain")
    if not monitor.enabled:
        return HttpResponse("paused", content_type="text/plain")
    try:
        (intake.take_receipt if trip else intake.take_ping)(monitor, event)
    except Refused as refused:
        return HttpResponse(str(refused), status=400, content_type="text/plain")
    return HttpResponse("OK", content_type="text/plain")


def _error(status: int, message: str, *, field: str = "") -> JsonResponse:
    return JsonResponse({"error": message, "field": field}, status=status)
