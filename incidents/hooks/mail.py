"""Where mail providers tell what became of mails: `/hooks/mail/<provider>/`, with the secret as password."""

import base64
import binascii
import hmac
import logging

from anymail.exceptions import AnymailError
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from incidents.actions.returned import take_of_address, take_of_delivery
from incidents.hooks.mail_events import PROVIDERS, ToldOfMail, read_mail_events
from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.notices.links import find_returned

METHODS = ("POST", "HEAD")
_WRONG_FORM = (AnymailError, ValueError, LookupError, TypeError, AttributeError)

log = logging.getLogger(__name__)


@csrf_exempt
def take_mail_events(request: HttpRequest, provider: str) -> HttpResponse:
    """401 asks for the secret: Amazon sends it only then. Any answer but 200 has providers try again."""
    if not settings.MAIL_WEBHOOK_SECRET or provider not in PROVIDERS:
        return _say(404, "not found")
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if not hmac.compare_digest(_password(request), settings.MAIL_WEBHOOK_SECRET.encode()):
        refusal = _say(401, "expected the secret as password")
        refusal["WWW-Authenticate"] = 'Basic realm="mail"'
        return refusal
    if request.method == "HEAD":
        return _say(200, "OK")
    try:
        events = read_mail_events(provider, request)
    except _WRONG_FORM as error:
        log.warning("%s told of a mail in an unknown form: %s", provider, type(error).__name__)
        return _say(400, f"expected an event of {provider}")
    for told in events:
        _take(told, provider)
    return _say(200, "OK")


def _take(told: ToldOfMail, provider: str) -> None:
    """Of the one mail, where the provider tells its envelope's sender; else of the address."""
    public_id = find_returned(told.raw)
    if public_id is not None:
        take_of_delivery(public_id, told.returned, source=provider)
        return
    try:
        address = clean_address(told.address)
    except Refused:
        return
    take_of_address(address, told.returned, source=provider, event_id=told.event_id)


def _password(request: HttpRequest) -> bytes:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(given, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""


def _say(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")
