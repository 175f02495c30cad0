"""What may happen to a subscription. Whoever asks, the answer is the same for every address.

What is sent to an address is limited by what was sent to it before, counted in the database: nobody can
use us to flood a mailbox.
"""

import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import audit
from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.lib.wake import wake
from incidents.models import (
    Channel,
    Delivery,
    DeliveryState,
    Notice,
    NoticeKind,
    Page,
    Service,
    Subscriber,
    SubscriberState,
)
from incidents.notices import fanout
from incidents.queries import subscribers
from incidents.queries.shown import shown_services
from incidents.queries.subscribers import Link, LinkState

SENDING = "incidents.tasks.deliver_notices"
ACTOR = "subscriber"
PAGE_CONFIRMATIONS_AN_HOUR = 200
DOMAIN_CONFIRMATIONS_AN_HOUR = 50

Caps = Sequence[tuple[int, timedelta]]
FEW_A_DAY: Caps = (
    (1, timedelta(minutes=10)),
    (3, timedelta(days=1)),
)
CAPS: dict[str, Caps] = {
    NoticeKind.CONFIRM: (*FEW_A_DAY, (5, timedelta(days=30))),
    NoticeKind.ALREADY: ((1, timedelta(days=1)),),
    NoticeKind.MANAGE: FEW_A_DAY,
}

log = logging.getLogger(__name__)


@transaction.atomic
def subscribe(page: Page, *, email: str, language: str, service_ids: Iterable[int] | None) -> None:
    """Asks the address to confirm; `service_ids` None is all services. Tells nothing about the address."""
    address = clean_address(email)
    services = check_choices(page, language=language, service_ids=service_ids)
    subscriber, _is_new = Subscriber.objects.get_or_create(page=page, email=address, channel=Channel.EMAIL)
    subscriber = lock(subscriber)
    subscriber.api_id = subscribers.api_id(page, address)
    subscriber.save(update_fields=["api_id"])
    if subscriber.state == SubscriberState.ACTIVE:
        if _is_within_caps(NoticeKind.ALREADY, subscriber):
            send_mail(NoticeKind.ALREADY, subscriber)
        return
    subscriber.state = SubscriberState.PENDING
    write_choices(subscriber, language=language, services=services)
    _ask_to_confirm(subscriber)


@transaction.atomic
def confirm(token: str) -> Subscriber:
    """Refused unless the link is valid; a second confirmation changes nothing."""
    link = _held(subscribers.find_confirming, token)
    subscriber = link.subscriber
    if link.state is LinkState.DONE:
        return subscriber
    if link.state is LinkState.EXPIRED:
        raise Refused(_("This link has expired."))
    subscriber.state = SubscriberState.ACTIVE
    subscriber.confirmed_at = timezone.now()
    subscriber.confirm_nonce = ""
    subscriber.save(update_fields=["state", "confirmed_at", "confirm_nonce"])
    record("confirm_subscription", subscriber)
    return subscriber


@transaction.atomic
def send_confirmation_again(token: str) -> None:
    """Sends another link to the address that an expired one was sent to."""
    link = _held(subscribers.find_confirming, token)
    if link.state is LinkState.EXPIRED:
        subscriber = link.subscriber
        subscriber.state = SubscriberState.PENDING
        subscriber.save(update_fields=["state"])
        _ask_to_confirm(subscriber)


@transaction.atomic
def unsubscribe(token: str) -> Subscriber:
    """At once: what still waits for this subscriber is not sent. Doing it twice changes nothing."""
    subscriber = subscribers.find_unsubscribing(token)
    if subscriber is None:
        raise Refused(_("This link is not valid."))
    subscriber = lock(subscriber)
    if subscriber.state == SubscriberState.UNSUBSCRIBED:
        return subscriber
    subscriber.state = SubscriberState.UNSUBSCRIBED
    subscriber.unsubscribed_at = timezone.now()
    subscriber.confirm_nonce = subscriber.manage_nonce = ""
    subscriber.save()
    unsent = (DeliveryState.QUEUED, DeliveryState.HELD)
    waiting = Delivery.objects.filter(subscriber=subscriber, state__in=unsent)
    waiting.update(state=DeliveryState.CANCELLED)
    record("unsubscribe", subscriber)
    return subscriber


@transaction.atomic
def request_manage_link(page: Page, email: str) -> None:
    """Mails a link that opens the choices of an active subscriber; tells nothing about the address."""
    _mail_manage_link(
        Subscriber.objects.filter(page=page, channel=Channel.EMAIL, email=clean_address(email)).first()
    )


@transaction.atomic
def request_leaving(page: Page, api_id: str) -> None:
    """Mails the subscriber of that id the same link: whoever knows the id may be anyone. Tells nothing."""
    _mail_manage_link(Subscriber.objects.exclude(api_id="").filter(page=page, api_id=api_id).first())


def _mail_manage_link(found: Subscriber | None) -> None:
    if found is None or found.state != SubscriberState.ACTIVE or not found.email:
        return
    subscriber = lock(found)
    if subscriber.state != SubscriberState.ACTIVE or not _is_within_caps(NoticeKind.MANAGE, subscriber):
        return
    subscriber.manage_nonce = secrets.token_hex(16)
    subscriber.manage_sent_at = timezone.now()
    subscriber.save(update_fields=["manage_nonce", "manage_sent_at"])
    send_mail(NoticeKind.MANAGE, subscriber)


@transaction.atomic
def change_choices(token: str, *, language: str, service_ids: Iterable[int] | None) -> Subscriber:
    """Uses the link up; Refused choices leave it valid."""
    link = _held(subscribers.find_managing, token)
    if link.state is not LinkState.VALID:
        raise Refused(_("This link has expired."))
    subscriber = link.subscriber
    services = check_choices(subscriber.page, language=language, service_ids=service_ids)
    before = _choices(subscriber)
    subscriber.manage_nonce = ""
    write_choices(subscriber, language=language, services=services)
    record("change_choices", subscriber, before=before, after=_choices(subscriber))
    return subscriber


def is_allowed(sent_at: Iterable[datetime], *, now: datetime, caps: Caps) -> bool:
    """Whether one more mail keeps every cap, given when the earlier ones were written."""
    instants = list(sent_at)
    return all(sum(now - at < span for at in instants) < count for count, span in caps)


def _held(find: Callable[[str], Link | None], token: str) -> Link:
    """What the token names, judged again once its subscriber is held: another request may have used it."""
    link = find(token)
    if link is not None:
        lock(link.subscriber)
        link = find(token)
    if link is None:
        raise Refused(_("This link is not valid."))
    return link


def lock(subscriber: Subscriber) -> Subscriber:
    """As it is now, held until the transaction ends: two requests at once act one after the other."""
    return Subscriber.objects.select_for_update(of=("self",)).select_related("page").get(pk=subscriber.pk)


def check_choices(page: Page, *, language: str, service_ids: Iterable[int] | None) -> list[Service] | None:
    if language not in page.languages:
        raise Refused(_("Choose one of the page's languages."), field="language")
    if service_ids is None:
        return None
    wanted = set(service_ids)
    services = list(shown_services(page).filter(pk__in=wanted))
    if not wanted:
        raise Refused(_("Choose at least one service, or all services."), field="services")
    if len(services) != len(wanted):
        raise Refused(_("Choose services from this page."), field="services")
    return services


def write_choices(subscriber: Subscriber, *, language: str, services: list[Service] | None) -> None:
    subscriber.language = language
    subscriber.all_services = services is None
    subscriber.save()
    subscriber.services.set(services or [])


def _choices(subscriber: Subscriber) -> dict[str, Any]:
    chosen = sorted(subscriber.services.values_list("slug", flat=True))
    return {"language": subscriber.language, "services": None if subscriber.all_services else chosen}


def _ask_to_confirm(subscriber: Subscriber) -> None:
    """Links already sent stay good while they are young, whichever of the mails is opened."""
    if not _is_within_caps(NoticeKind.CONFIRM, subscriber) or not _has_room_to_confirm(subscriber):
        return
    now = timezone.now()
    sent_at = subscriber.confirm_sent_at
    if not subscriber.confirm_nonce or sent_at is None or now - sent_at > subscribers.CONFIRM_LIFE:
        subscriber.confirm_nonce = secrets.token_hex(16)
    subscriber.confirm_sent_at = now
    subscriber.save(update_fields=["confirm_nonce", "confirm_sent_at"])
    send_mail(NoticeKind.CONFIRM, subscriber)


def send_mail(kind: NoticeKind, subscriber: Subscriber) -> None:
    fanout.queue_personal(kind, subscriber)
    record(f"mail_{kind.value}", subscriber)
    transaction.on_commit(lambda: wake(SENDING), robust=True)


def _is_within_caps(kind: NoticeKind, subscriber: Subscriber) -> bool:
    now, caps = timezone.now(), CAPS[kind]
    since = now - max(span for _count, span in caps)
    earlier = Delivery.objects.filter(subscriber=subscriber, notice__kind=kind, notice__created_at__gt=since)
    return is_allowed(earlier.values_list("notice__created_at", flat=True), now=now, caps=caps)


def _has_room_to_confirm(subscriber: Subscriber) -> bool:
    """Against a flood spread over many addresses of one page or one domain."""
    since = timezone.now() - timedelta(hours=1)
    asked = Notice.objects.filter(page=subscriber.page, kind=NoticeKind.CONFIRM, created_at__gt=since)
    if asked.count() >= PAGE_CONFIRMATIONS_AN_HOUR:
        log.error("over %d confirmations in an hour: no more are sent", PAGE_CONFIRMATIONS_AN_HOUR)
        return False
    of_domain = asked.filter(deliveries__subscriber__email__endswith=f"@{subscriber.domain}")
    return of_domain.count() < DOMAIN_CONFIRMATIONS_AN_HOUR


def record(
    action: str,
    subscriber: Subscriber,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(action, subscriber, actor_name=ACTOR, before=before, after=after)
