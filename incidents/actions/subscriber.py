"""What may happen to a subscription. Whoever asks, the answer is the same for every address.

A request changes nothing of a subscription: it is kept as a wish, which the mailbox's owner confirms by the
link that was mailed for it. Of an address that nothing is sent to, nothing is kept: one that was erased stays so.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions import sign_ups
from incidents.actions.choosing import check_choices, for_the_record, write_choices
from incidents.actions.leaving import void_links
from incidents.actions.personal import lock, new_nonce, record, send_mail
from incidents.actions.sign_ups import FEW_A_DAY, Caps, is_allowed
from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.models import (
    Channel,
    Delivery,
    DeliveryState,
    Follow,
    Incident,
    NoticeKind,
    Page,
    Subscriber,
    SubscriberState,
    Wish,
    WishKind,
    WishState,
)
from incidents.notices.ledger import NO_LONGER_SUBSCRIBED
from incidents.queries import subscribers
from incidents.queries.choices import Choices
from incidents.queries.subscribers import ConfirmLink, Link, LinkState
from incidents.queries.suppressions import is_suppressed

CAPS: dict[str, Caps] = {
    NoticeKind.ALREADY: ((1, timedelta(days=1)),),
    NoticeKind.MANAGE: FEW_A_DAY,
}
_MAILS = {
    WishKind.SUBSCRIBE: NoticeKind.CONFIRM,
    WishKind.FOLLOW: NoticeKind.FOLLOW,
    WishKind.MOVE: NoticeKind.MOVE,
}


@dataclass(frozen=True)
class Origin:
    """Where a wish came from: the way (`form`, `api`), and the network (/24, /48)."""

    source: str = "form"
    network: str = ""


NOWHERE = Origin()


@transaction.atomic
def subscribe(page: Page, *, email: str, choices: Choices, origin: Origin = NOWHERE) -> None:
    """Asks the address to confirm. Tells nothing about the address."""
    address = clean_address(email)
    check_choices(page, choices)
    if is_suppressed(address):
        return
    subscriber = _of_address(page, address, language=choices.language)
    if subscriber.state == SubscriberState.ACTIVE:
        _tell_already(subscriber, origin)
    else:
        _ask(Wish(subscriber=subscriber, choices=choices.as_json()), origin)


@transaction.atomic
def follow(page: Page, incident: Incident, *, email: str, language: str, origin: Origin = NOWHERE) -> None:
    """Asks the address, subscribed or not, to confirm that it wants each update of one incident. Tells nothing
    about the address."""
    address = clean_address(email)
    if is_suppressed(address):
        return
    subscriber = _of_address(page, address, language=language)
    wish = Wish(
        subscriber=subscriber, kind=WishKind.FOLLOW, incident=incident, choices={"language": language}
    )
    _ask(wish, origin)


@transaction.atomic
def confirm(token: str) -> Wish:
    """Does what was asked for by that link, and nothing that was asked for since. Refused unless it is valid;
    a second confirmation changes nothing."""
    link = _held_wish(token)
    wish = link.wish
    if link.state is LinkState.DONE:
        return wish
    if link.state is LinkState.EXPIRED or is_suppressed(wish.subscriber.email):
        raise Refused(_("This link has expired."))
    _CONFIRMED[WishKind(wish.kind)](wish)
    wish.state = WishState.DONE
    wish.save(update_fields=["state"])
    return wish


@transaction.atomic
def send_confirmation_again(token: str, *, origin: Origin = NOWHERE) -> None:
    """Sends another link for the same wish to the address that an expired one was sent to."""
    link = _held_wish(token)
    wish = link.wish
    if link.state is LinkState.EXPIRED and (wish.about is None or wish.about.state == SubscriberState.ACTIVE):
        again = Wish(subscriber=wish.subscriber, kind=wish.kind, incident=wish.incident, about=wish.about)
        again.choices = wish.choices
        _ask(again, Origin(wish.source, origin.network))


@transaction.atomic
def request_manage_link(page: Page, email: str) -> None:
    """Mails a link that opens the choices of an active subscriber; tells nothing about the address."""
    of_address = Subscriber.objects.filter(page=page, channel=Channel.EMAIL, email=clean_address(email))
    _mail_manage_link(of_address.first())


@transaction.atomic
def request_leaving(page: Page, api_id: str) -> None:
    """Mails the subscriber of that id the same link: whoever knows the id may be anyone. Tells nothing."""
    _mail_manage_link(Subscriber.objects.exclude(api_id="").filter(page=page, api_id=api_id).first())


@transaction.atomic
def change_choices(
    token: str,
    choices: Choices,
    *,
    unfollow: Iterable[int] = (),
    new_email: str = "",
    origin: Origin = NOWHERE,
) -> Subscriber:
    """Uses the link up; Refused choices leave it valid. `unfollow` are ids of the subscriber's follows. A
    `new_email` is asked to confirm, and replaces the old address once it did."""
    link = _held(subscribers.find_managing, token)
    if link.state is not LinkState.VALID:
        raise Refused(_("This link has expired."))
    subscriber = link.subscriber
    follows_left = subscriber.follows.exclude(pk__in=unfollow).exists()
    check_choices(subscriber.page, choices, may_be_none=follows_left)
    before = for_the_record(subscriber)
    subscriber.follows.filter(pk__in=unfollow).delete()
    subscriber.manage_nonce = ""
    write_choices(subscriber, choices)
    record("change_choices", subscriber, before=before, after=for_the_record(subscriber))
    if new_email:
        _ask_to_move(subscriber, clean_address(new_email), origin)
    return subscriber


@transaction.atomic
def want_last_only(token: str) -> None:
    """Of the incident that the link names, nothing more but its end. Doing it twice changes nothing."""
    link = subscribers.find_last_only(token)
    if link is None:
        raise Refused(_("This link is not valid."))
    subscriber = lock(link.subscriber)
    if link.state is not LinkState.VALID or subscriber.state != SubscriberState.ACTIVE:
        return
    Follow.objects.update_or_create(
        subscriber=subscriber, incident=link.incident, defaults={"last_only": True}
    )
    record("want_last_only", subscriber, after={"incident": link.incident.reference})


def _of_address(page: Page, address: str, *, language: str) -> Subscriber:
    made, _is_new = Subscriber.objects.get_or_create(
        page=page, email=address, channel=Channel.EMAIL, defaults={"language": language}
    )
    subscriber = lock(made)
    subscriber.api_id = subscribers.api_id(page, address)
    subscriber.save(update_fields=["api_id"])
    return subscriber


def _ask(wish: Wish, origin: Origin) -> None:
    """Mails the link, if the address may be mailed; else there is no link, and the wish is forgotten."""
    subscriber = wish.subscriber
    if is_suppressed(subscriber.email):
        return
    if not sign_ups.take_place(subscriber.page, subscriber.email, network=origin.network):
        return
    wish.source, wish.requested_from = origin.source, origin.network
    wish.save()
    send_mail(_MAILS[WishKind(wish.kind)], subscriber, wish=wish)


def _tell_already(subscriber: Subscriber, origin: Origin) -> None:
    if not _is_within_caps(NoticeKind.ALREADY, subscriber):
        return
    if sign_ups.take_place(subscriber.page, subscriber.email, network=origin.network):
        send_mail(NoticeKind.ALREADY, subscriber)


def _ask_to_move(subscriber: Subscriber, address: str, origin: Origin) -> None:
    if subscriber.channel != Channel.EMAIL:
        raise Refused("only a mailbox can be exchanged for another", field="new_email")
    if address == subscriber.email:
        return
    if subscriber.is_locked:
        raise Refused(_("The address of a shared mailbox is changed by staff only."), field="new_email")
    if is_suppressed(address):
        return
    taker = _of_address(subscriber.page, address, language=subscriber.language)
    if taker.state == SubscriberState.ACTIVE:
        _tell_already(taker, origin)
        return
    choices = {"language": subscriber.language}
    _ask(Wish(subscriber=taker, kind=WishKind.MOVE, about=subscriber, choices=choices), origin)


def begin(wish: Wish) -> None:
    """In the caller's transaction, which holds the subscriber of the wish."""
    write_choices(wish.subscriber, Choices.from_json(wish.choices))
    _activate(wish)
    record("confirm_subscription", wish.subscriber)


def _begin_following(wish: Wish) -> None:
    """Whoever was not subscribed takes nothing but this one incident."""
    subscriber, incident = wish.subscriber, wish.incident
    assert incident is not None
    if subscriber.state != SubscriberState.ACTIVE:
        write_choices(subscriber, Choices(language=wish.language, services=()))
        _activate(wish)
    Follow.objects.update_or_create(subscriber=subscriber, incident=incident, defaults={"last_only": False})
    sign_ups.forget(subscriber.email)
    record("follow_incident", subscriber, after={"incident": incident.reference})


def _move(wish: Wish) -> None:
    """The subscription keeps all that it is and was; the row that asked for the new address takes the old one,
    which hears of it and is not subscribed."""
    taker, about = wish.subscriber, wish.about
    assert about is not None
    mover = lock(about)
    if mover.state != SubscriberState.ACTIVE or mover.is_locked or taker.state == SubscriberState.ACTIVE:
        raise Refused(_("This link has expired."))
    sign_ups.forget(taker.email)
    for subscriber in (taker, mover):
        void_links(subscriber)
    waiting = Delivery.objects.filter(state__in=(DeliveryState.QUEUED, DeliveryState.HELD))
    waiting.filter(subscriber=taker).update(state=DeliveryState.CANCELLED, last_reply=NO_LONGER_SUBSCRIBED)
    _swap_addresses(taker, mover)
    waiting.filter(subscriber=mover).update(domain=mover.domain)
    taker.state, taker.unsubscribed_at = SubscriberState.UNSUBSCRIBED, timezone.now()
    taker.language = mover.language
    taker.save(update_fields=["state", "unsubscribed_at", "language"])
    record("change_address", mover)
    send_mail(NoticeKind.MOVED, taker, wish=wish)


def _swap_addresses(one: Subscriber, other: Subscriber) -> None:
    """An address stands once on a page, so one of them is nowhere for a moment."""
    addresses = other.email, one.email
    Subscriber.objects.filter(pk=one.pk).update(email=one.public_id)
    for subscriber, address in reversed(list(zip((one, other), addresses, strict=True))):
        subscriber.email, subscriber.api_id = address, subscribers.api_id(subscriber.page, address)
        subscriber.save(update_fields=["email", "api_id"])


def _activate(wish: Wish) -> None:
    """With what proves the consent: when it was given, and whence it was asked for."""
    subscriber = wish.subscriber
    subscriber.state = SubscriberState.ACTIVE
    subscriber.confirmed_at = timezone.now()
    subscriber.consent_source = wish.source
    subscriber.requested_from = wish.requested_from
    subscriber.disabled_reason = ""
    subscriber.failing_since = subscriber.paused_until = None
    subscriber.pauses = 0
    subscriber.save()
    sign_ups.forget(subscriber.email)


_CONFIRMED: dict[WishKind, Callable[[Wish], None]] = {
    WishKind.SUBSCRIBE: begin,
    WishKind.FOLLOW: _begin_following,
    WishKind.MOVE: _move,
}


def _mail_manage_link(found: Subscriber | None) -> None:
    if found is None or found.state != SubscriberState.ACTIVE or not found.email:
        return
    subscriber = lock(found)
    if subscriber.state != SubscriberState.ACTIVE or not _is_within_caps(NoticeKind.MANAGE, subscriber):
        return
    subscriber.manage_nonce = new_nonce()
    subscriber.manage_sent_at = timezone.now()
    subscriber.save(update_fields=["manage_nonce", "manage_sent_at"])
    send_mail(NoticeKind.MANAGE, subscriber)


def _held_wish(token: str) -> ConfirmLink:
    """Judged again once its subscriber is held: another request may have used it."""
    link = subscribers.find_confirming(token)
    if link is not None:
        # First the one that moves, as when it asks to: two requests must not hold what the other waits for.
        for subscriber in (link.wish.about, link.wish.subscriber):
            if subscriber is not None:
                lock(subscriber)
        link = subscribers.find_confirming(token)
    if link is None:
        raise Refused(_("This link is not valid."))
    return link


def _held(find: Callable[[str], Link | None], token: str) -> Link:
    """What the token names, judged again once its subscriber is held: another request may have used it."""
    link = find(token)
    if link is not None:
        lock(link.subscriber)
        link = find(token)
    if link is None:
        raise Refused(_("This link is not valid."))
    return link


def _is_within_caps(kind: NoticeKind, subscriber: Subscriber) -> bool:
    now, caps = timezone.now(), CAPS[kind]
    since = now - max(span for _count, span in caps)
    earlier = Delivery.objects.filter(subscriber=subscriber, notice__kind=kind, notice__created_at__gt=since)
    return is_allowed(earlier.values_list("notice__created_at", flat=True), now=now, caps=caps)
