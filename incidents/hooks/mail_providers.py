"""What mail providers report of mail that came back. anymail checks and reads it; here it is told in our words."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView, AnymailCoreWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings

from incidents.actions.bounce import MOST_WORDS, Heard, kind_of
from incidents.lib.bounce_codes import Verdict, judge_text
from incidents.lib.fetch import Request, fetch_many
from incidents.lib.lines import one_line
from incidents.lib.outbound import Guard
from incidents.models import MailEventKind
from incidents.notices.links import find_returned

MOST_DEPTH = 8
BLOCKED = "5.7.0"

_OUR_MESSAGE_ID = re.compile(r"<?([0-9a-f]{32})@[a-z0-9.-]{1,253}>?", re.IGNORECASE | re.ASCII)
_SNS_HOST = re.compile(r"sns\.[a-z0-9-]{1,30}\.amazonaws\.com(\.cn)?")

log = logging.getLogger(__name__)


class _Reader:
    """In place of the views' own start, which asks for boto3 and for settings of anymail's: whoever gets this far
    has shown the secret. `MAIL_WEBHOOK_KEY` has signatures checked beside it."""

    def __init__(self) -> None:
        AnymailCoreWebhookView.__init__(self)


class _Ses(_Reader, AmazonSESTrackingWebhookView):
    def auto_confirm_sns_subscription(self, sns_message: dict[str, Any]) -> None:
        """Where it leads is Amazon's own."""
        url = str(sns_message["SubscribeURL"])
        if not _SNS_HOST.fullmatch(urlsplit(url).hostname or ""):
            log.error("a topic asks to be confirmed elsewhere than at Amazon: %s", one_line(url)[:MOST_WORDS])
            return
        [answer] = fetch_many([Request(url, https_only=True, most_redirects=0)], guard=Guard())
        if answer.status == 200:
            log.warning("a topic of Amazon's was confirmed: %s", one_line(str(sns_message.get("TopicArn"))))
        else:
            log.error("Amazon did not confirm its topic: %s", answer.error or answer.status)


class _Mailgun(_Reader, MailgunTrackingWebhookView):
    def __init__(self) -> None:
        super().__init__()
        self.webhook_signing_key = settings.MAIL_WEBHOOK_KEY.encode()
        if not self.webhook_signing_key:
            self.validators: list[Any] = []


class _SendGrid(_Reader, SendGridTrackingWebhookView):
    def __init__(self) -> None:
        super().__init__()
        if settings.MAIL_WEBHOOK_KEY:
            pem = f"-----BEGIN PUBLIC KEY-----\n{settings.MAIL_WEBHOOK_KEY}\n-----END PUBLIC KEY-----\n"
            try:
                self.webhook_verification_key = load_pem_public_key(pem.encode())
            except ValueError:
                log.error("MAIL_WEBHOOK_KEY is no key as SendGrid shows it: nothing is taken of SendGrid")
                raise


class _Brevo(_Reader, BrevoTrackingWebhookView):
    pass


class _Mailjet(_Reader, MailjetTrackingWebhookView):
    pass


class _Postmark(_Reader, PostmarkTrackingWebhookView):
    pass


class _SparkPost(_Reader, SparkPostTrackingWebhookView):
    pass


READERS: dict[str, Callable[[], AnymailBaseWebhookView]] = {
    "brevo": _Brevo,
    "mailgun": _Mailgun,
    "mailjet": _Mailjet,
    "postmark": _Postmark,
    "sendgrid": _SendGrid,
    "ses": _Ses,
    "sparkpost": _SparkPost,
}
# What each calls a failure for good, where no status code says so.
_LASTING: dict[str, tuple[str, tuple[object, ...]]] = {
    "brevo": ("event", ("hard_bounce", "invalid_email")),
    "mailgun": ("reason", ("bounce", "suppress-bounce")),
    "mailjet": ("hard_bounce", (True,)),
    "postmark": ("Type", ("HardBounce", "BadEmailAddress")),
    "sendgrid": ("type", ("bounce",)),
    "ses": ("bounceType", ("Permanent",)),
    "sparkpost": ("bounce_class", ("10", "30")),
}


def heard_from(provider: str, event: AnymailTrackingEvent) -> Heard | None:
    """None for what is no news to us: sent, delayed, opened."""
    words = " ".join(str(said) for said in (event.mta_response, event.description) if said)
    if event.event_type == EventType.COMPLAINED:
        return Heard(MailEventKind.COMPLAINT, provider, words=words)
    if event.event_type not in (EventType.BOUNCED, EventType.REJECTED):
        return None
    found = dict(_pairs(event.esp_event))
    verdict, code = judge_text(f"{found.get('status', '')} {words}")
    is_blocked = (
        event.reject_reason in (RejectReason.BLOCKED, RejectReason.SPAM) or found.get("type") == "blocked"
    )
    if not code and is_blocked:
        verdict, code = Verdict.POLICY, BLOCKED
    elif not code and _is_lasting(provider, event, found):
        verdict = Verdict.HARD
    return Heard(kind_of(verdict), provider, code=code, words=words)


def deliveries_in(event: AnymailTrackingEvent) -> list[str]:
    """The public ids of the deliveries that the report may be about, by our return path or our Message-ID,
    wherever the provider puts them; none where it kept neither."""
    texts = [value for _key, value in _pairs(event.esp_event) if isinstance(value, str)]
    signed = filter(None, map(find_returned, texts))
    named = (found.group(1).lower() for found in map(_OUR_MESSAGE_ID.fullmatch, texts) if found)
    return list(dict.fromkeys([*signed, *named]))


def id_of(event: AnymailTrackingEvent) -> str:
    """The provider's own, or of those that give none all that it says."""
    return str(event.event_id or json.dumps(event.esp_event, sort_keys=True, default=str))


def _is_lasting(provider: str, event: AnymailTrackingEvent, found: dict[str, object]) -> bool:
    if event.event_type == EventType.REJECTED and event.reject_reason in (
        RejectReason.BOUNCED,
        RejectReason.INVALID,
    ):
        return True  # the provider knows it from an earlier bounce
    key, values = _LASTING[provider]
    return found.get(key) in values


def _pairs(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Everything that is said in a provider's report, with what it is called there."""
    if depth > MOST_DEPTH:
        return
    if isinstance(value, dict):
        for name, held in value.items():
            yield from _pairs(held, str(name), depth + 1)
    elif isinstance(value, list):
        for held in value:
            yield from _pairs(held, key, depth + 1)
    else:
        yield key, value
