"""What mail providers tell of mails: django-anymail reads each provider's form, this says what it means."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.http import HttpRequest

from incidents.models import MailEventKind
from incidents.notices.returned import Returned, first_code, is_vague, judge_code, tidy

_REFUSED = (EventType.BOUNCED, EventType.REJECTED)
_NO_MAILBOX = (RejectReason.INVALID, RejectReason.BOUNCED)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ToldOfMail:
    """`raw` is all the provider said: the signed return path may stand in it."""

    returned: Returned
    address: str
    event_id: str
    raw: str


class _Reader:
    """In place of the view's own start, which asks for keys that nothing here uses: whoever gets this far has
    shown the secret."""

    def __init__(self) -> None:
        pass


class _Postmark(_Reader, PostmarkTrackingWebhookView):
    pass


class _SendGrid(_Reader, SendGridTrackingWebhookView):
    pass


class _Mailgun(_Reader, MailgunTrackingWebhookView):
    pass


class _Ses(_Reader, AmazonSESTrackingWebhookView):
    def auto_confirm_sns_subscription(self, sns_message: dict[str, Any]) -> None:
        log.warning("Amazon SNS asks to be confirmed: open %s", tidy(str(sns_message.get("SubscribeURL"))))


@dataclass(frozen=True)
class _Provider:
    reader: Callable[[], Any]
    is_for_good: Callable[[dict[str, Any]], bool]
    """Where no server's code says so."""


PROVIDERS = {
    "postmark": _Provider(_Postmark, lambda told: told.get("Type") in ("HardBounce", "BadEmailAddress")),
    "sendgrid": _Provider(_SendGrid, lambda told: told.get("type") == "bounce"),
    "mailgun": _Provider(
        _Mailgun,
        lambda told: told["event-data"].get("reason") in ("bounce", "suppress-bounce"),
    ),
    "ses": _Provider(_Ses, lambda told: told["bounce"]["bounceType"] == "Permanent"),
}


def read_mail_events(provider: str, request: HttpRequest) -> list[ToldOfMail]:
    """What bounced or was complained of; raises whatever a body of another form brings about."""
    known = PROVIDERS[provider]
    return [
        ToldOfMail(returned, str(event.recipient or ""), str(event.event_id or raw), raw)
        for event in known.reader().parse_events(request)
        for raw in [json.dumps(event.esp_event, sort_keys=True, default=str)]
        for returned in _meaning(event, known)
    ]


def _meaning(event: AnymailTrackingEvent, provider: _Provider) -> Iterator[Returned]:
    said = tidy(str(event.mta_response or event.description or ""))
    if event.event_type == EventType.COMPLAINED:
        yield Returned(MailEventKind.COMPLAINT, "", said)
    elif event.event_type in _REFUSED:
        code = first_code(said)
        yield Returned(_kind(event, provider, code), code, said)


def _kind(event: AnymailTrackingEvent, provider: _Provider, code: str) -> MailEventKind:
    if code and not is_vague(code):
        return judge_code(code)
    if event.event_type == EventType.REJECTED:
        is_hard = event.reject_reason in _NO_MAILBOX
    else:
        is_hard = provider.is_for_good(event.esp_event)
    return MailEventKind.HARD if is_hard else MailEventKind.SOFT
