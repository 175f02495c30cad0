"""Where mail providers report bounces and complaints: `/hooks/mail/<provider>/`, with the secret as password."""

import hmac
import logging

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from incidents.actions.bounce import hear_of_address, hear_of_delivery
from incidents.hooks.mail_providers import READERS, deliveries_in, heard_from, id_of
from incidents.lib.addresses import clean_address
from incidents.lib.credentials import basic_password
from incidents.lib.errors import Refused
from incidents.queries.deliveries import is_mail_to

METHODS = ("POST", "HEAD")
UNREADABLE = (AnymailError, ValueError, LookupError, TypeError, AttributeError, RecursionError)

log = logging.getLogger(__name__)


@csrf_exempt
def take_mail_events(request: HttpRequest, provider: str) -> HttpResponse:
    """401 asks for the secret: Amazon sends it only then. Any answer but 200 has providers try again."""
    if not settings.MAIL_WEBHOOK_SECRET or provider not in READERS:
        return _say(404, "not found")
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if not _knows_secret(request):
        return _say(401, "expected the secret as password", **{"WWW-Authenticate": 'Basic realm="mail"'})
    if request.method == "HEAD":
        return _say(200, "")
    try:
        reader = READERS[provider]()
        reader.run_validators(request)
        events = reader.parse_events(request)
    except AnymailWebhookValidationFailure:
        log.warning("a report in the name of %s has a wrong signature", provider)
        return _say(403, "refused")
    except UNREADABLE as error:
        log.warning("a report of %s cannot be read: %s", provider, type(error).__name__)
        return _say(400, f"expected an event of {provider}")
    for event in events:
        _take(provider, event)
    return _say(200, "OK")


def _take(provider: str, event: AnymailTrackingEvent) -> None:
    """Of the one mail, where the provider names it and the address is that mail's; else of the address."""
    heard = heard_from(provider, event)
    if heard is None:
        return
    try:
        address = clean_address(str(event.recipient or ""))
    except Refused:
        address = ""
    ours = (public_id for public_id in deliveries_in(event) if is_mail_to(public_id, address))
    public_id = next(ours, None)
    if public_id is not None:
        hear_of_delivery(public_id, heard)
    elif address:
        hear_of_address(address, heard, event_id=id_of(event))


def _knows_secret(request: HttpRequest) -> bool:
    given = basic_password(request.headers.get("Authorization", ""))
    return hmac.compare_digest(given.encode(), settings.MAIL_WEBHOOK_SECRET.encode())


def _say(status: int, text: str, **headers: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain", headers=headers)
