"""Machines' addresses: pushed counts and heartbeats. No session, no cookie; the token or the id admits."""

import hmac
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents.hooks.observations import read_points
from incidents.lib.errors import Refused
from incidents.lib.tokens import hash_secret
from incidents.models import MonitorKind
from incidents.monitors import intake
from incidents.queries.monitor import find_monitor

LARGEST_BODY_BYTES = 1_000_000


@csrf_exempt
@require_http_methods(["POST"])
def take_observations(request: HttpRequest, monitor_id: UUID) -> HttpResponse:
    monitor = find_monitor(monitor_id, kind=MonitorKind.BASELINE)
    if monitor is None:
        return _error(404, "there is no such monitor")
    if not hmac.compare_digest(hash_secret(_bearer(request)), monitor.token_hash):
        return _error(401, "expected the monitor's token as Authorization: Bearer …")
    if not monitor.enabled:
        return _error(409, "this monitor is paused")
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY_BYTES:
        return _error(413, f"expected at most {LARGEST_BODY_BYTES} bytes")
    try:
        points = read_points(request.body)
        intake.take_observations(monitor, points)
    except Refused as refused:
        return _error(422, str(refused), field=refused.field)
    return JsonResponse({"accepted": len(points)}, status=202)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def take_ping(request: HttpRequest, monitor_id: UUID, event: str = "") -> HttpResponse:
    """Of a job that a heartbeat waits for, or that the message of a mail round trip named in `event` has arrived."""
    monitor = find_monitor(monitor_id, kind=MonitorKind.HEARTBEAT)
    trip = None if monitor else find_monitor(monitor_id, kind=MonitorKind.MAIL_ROUND_TRIP)
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


def _bearer(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _error(status: int, message: str, *, field: str = "") -> JsonResponse:
    return JsonResponse({"error": message, "field": field}, status=status)
