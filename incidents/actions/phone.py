"""Text messages: a number is subscribed, chooses anew or leaves by a code that was sent to it."""

import secrets
import unicodedata
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import sign_ups
from incidents.actions.choosing import check_choices, write_choices
from incidents.actions.leaving import leave
from incidents.actions.personal import SENDING, lock, new_nonce, record
from incidents.actions.subscriber import NOWHERE, Origin
from incidents.lib.errors import Refused
from incidents.lib.wake import wake
from incidents.models import Channel, Page, PhoneCode, Subscriber, SubscriberState
from incidents.notices import fanout
from incidents.notices.registry import CHANNELS
from incidents.notices.sms_code import code_of
from incidents.queries import endpoints
from incidents.queries.choices import Choices
from incidents.queries.suppressions import is_suppressed

CODE_LIFE = timedelta(minutes=10)
MOST_TRIES = 5


def is_offered() -> bool:
    return settings.SMS_ACCOUNT is not None


def clean_number(text: str) -> str:
    number: str = CHANNELS[Channel.SMS].clean(text)
    return number


@transaction.atomic
def request_code(page: Page, *, number: str, choices: Choices, origin: Origin = NOWHERE) -> str:
    """Sends a code that subscribes the number with these choices; answers the number as it is stored. Tells
    nothing about it."""
    _check_offered()
    clean = clean_number(number)
    check_choices(page, choices)
    if is_suppressed(clean):
        return clean
    made, _is_new = Subscriber.objects.get_or_create(
        page=page, channel=Channel.SMS, endpoint=clean, defaults={"language": choices.language}
    )
    subscriber = lock(made)
    if subscriber.state != SubscriberState.ACTIVE:
        subscriber.state = SubscriberState.PENDING
        subscriber.language = choices.language
        subscriber.requested_from, subscriber.consent_source = origin.network, origin.source
        subscriber.api_id = endpoints.api_id(page, Channel.SMS, clean)
        subscriber.save()
    _send_code(subscriber, choices=choices, network=origin.network)
    return clean


@transaction.atomic
def request_leaving(page: Page, *, number: str, origin: Origin = NOWHERE) -> None:
    """Sends a code that ends the messages. Tells nothing about the number."""
    _check_offered()
    of_number = Subscriber.objects.filter(page=page, channel=Channel.SMS, endpoint=clean_number(number))
    found = of_number.filter(state=SubscriberState.ACTIVE).first()
    if found is not None:
        _send_code(lock(found), choices=None, network=origin.network)


def enter_code(page: Page, *, number: str, code: str) -> Subscriber:
    """Does what the code was sent for, its digits in any width. Refused alike whether there was none, it was wrong,
    old or tried up."""
    clean, digits = clean_number(number), unicodedata.normalize("NFKC", code).strip()
    with transaction.atomic():
        subscriber = _use_code(page, clean, digits)
    if subscriber is None:
        raise Refused(_("This code is not valid. Ask for another one."), field="code")
    return subscriber


def _use_code(page: Page, number: str, code: str) -> Subscriber | None:
    """A wrong try is counted, so nothing is raised here."""
    found = Subscriber.objects.filter(page=page, channel=Channel.SMS, endpoint=number).first()
    if found is None:
        return None
    subscriber = lock(found)
    known = PhoneCode.objects.filter(subscriber=subscriber, sent_at__gt=timezone.now() - CODE_LIFE).first()
    if known is None or known.tries >= MOST_TRIES:
        return None
    known.tries += 1
    known.save(update_fields=["tries"])
    expected = code_of(subscriber.public_id, known.nonce)
    if not secrets.compare_digest(code.encode(), expected.encode()):
        return None
    known.delete()
    sign_ups.forget(counted_as(number))
    return _act(subscriber, known)


def _act(subscriber: Subscriber, known: PhoneCode) -> Subscriber:
    if known.is_to_leave:
        if subscriber.state != SubscriberState.UNSUBSCRIBED:
            leave(subscriber)
        return subscriber
    subscriber.state, subscriber.disabled_reason = SubscriberState.ACTIVE, ""
    subscriber.confirmed_at, subscriber.failing_since = timezone.now(), None
    write_choices(subscriber, Choices.from_json(known.choices))
    record("confirm_subscription", subscriber)
    return subscriber


def _send_code(subscriber: Subscriber, *, choices: Choices | None, network: str) -> None:
    """A newer code takes the place of an older one."""
    if not sign_ups.take_place(subscriber.page, counted_as(subscriber.endpoint), network=network):
        return
    nonce = new_nonce()
    PhoneCode.objects.update_or_create(
        subscriber=subscriber,
        defaults={
            "nonce": nonce,
            "is_to_leave": choices is None,
            "choices": choices.as_json() if choices else {},
            "tries": 0,
            "sent_at": timezone.now(),
        },
    )
    fanout.queue_code(subscriber, nonce=nonce, life=CODE_LIFE)
    record("send_code", subscriber)
    transaction.on_commit(lambda: wake(SENDING), robust=True)


def counted_as(number: str) -> str:
    """As of one domain: text messages cost money, and a page sends only so many codes an hour."""
    return f"{number}@sms"


def _check_offered() -> None:
    if not is_offered():
        raise Refused(_("Text messages are not offered here."), field="endpoint")
