"""Where other systems report: `/hooks/<format>/<source id>`, with the secret behind it where a sender can show it
nowhere else.

An answer takes one insert; the work comes after. 4xx has senders let a message go, 503 has them send it again.
"""

import logging
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents.actions.alert import keep_event
from incidents.actions.alert_limit import SPAN, TooManyEvents
from incidents.actions.alert_source import note_refusal
from incidents.alerts.intake import to_json
from incidents.alerts.proof import Call
from incidents.hooks.alert_bodies import TooLarge, read_body
from incidents.hooks.alert_senders import SENDERS, Message, SenderKind, Unproven
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import AlertSource
from incidents.queries.alert import find_source, secrets_of

RETRY_AFTER_SECONDS = 5

log = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "POST", "PUT"])
def take_alerts(request: HttpRequest, kind: str, source_id: UUID, secret: str = "") -> HttpResponse:
    try:
        return _take(request, kind, source_id, secret)
    except TooManyEvents:
        return _say(429, "too many", **{"Retry-After": str(int(SPAN.total_seconds()))})
    except DatabaseError:
        log.exception("an alert cannot be kept")
        return _say(503, "try again", **{"Retry-After": str(RETRY_AFTER_SECONDS)})


def _take(request: HttpRequest, kind: str, source_id: UUID, secret: str) -> HttpResponse:
    sender = SENDERS.get(kind)
    source = find_source(source_id, kind=kind) if sender else None
    if sender is None or source is None:
        return _say(404, "not found")
    answer = _answer(request, sender, source, secret=secret)
    if answer.status_code >= 400:
        note_refusal(source, status=answer.status_code, reason=answer.content.decode())
    return answer


def _answer(request: HttpRequest, sender: SenderKind, source: AlertSource, *, secret: str) -> HttpResponse:
    """Only the sender hears what is wrong with a message, and only where it could be read at all."""
    try:
        body = read_body(request)
    except TooLarge:
        return _say(413, "too large")
    except Refused:
        return _say(422, "refused")
    headers = {name.lower(): value for name, value in request.headers.items()}
    call, now = Call(body.raw, headers, in_path=secret), times.now()
    if not sender.proves(call, secrets_of(source, now=now), now):
        return _refuse()
    if not source.enabled:
        return _say(409, "this source is switched off")
    try:
        return _keep(source, sender.read(source, body, headers))
    except Unproven:
        return _refuse()
    except Refused as refused:
        return _say(422, f"{refused.field}: {refused}" if refused.field else "refused")


def _keep(source: AlertSource, message: Message) -> HttpResponse:
    """What changes nothing, such as a test of the sender's, is kept too: staff look for it."""
    heard = [to_json(one) for one in message.heard]
    keep_event(source, heard, event_id=message.event_id, confirm_at=message.confirm_at)
    return _say(200, "OK")


def _refuse() -> HttpResponse:
    return _say(401, "unauthorized", **{"WWW-Authenticate": 'Basic realm="alerts"'})


def _say(status: int, text: str, **headers: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=headers)
