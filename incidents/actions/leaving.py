"""How a subscription ends, and how a shared mailbox is kept from ending by one reader's tap."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.actions.personal import lock, new_nonce, record, send_mail
from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.models import (
    Channel,
    Delivery,
    DeliveryState,
    NoticeKind,
    Staff,
    Subscriber,
    SubscriberState,
    Wish,
    WishKind,
    WishState,
)
from incidents.notices.ledger import NO_LONGER_SUBSCRIBED
from incidents.queries import subscribers
from incidents.queries.subscribers import LinkState
from incidents.queries.suppressions import is_suppressed

TIME_TO_KEEP = timedelta(hours=24)


@transaction.atomic
def unsubscribe(token: str) -> Subscriber:
    """At once: what still waits for this subscriber is not sent. A locked mailbox leaves after a day, unless
    somebody keeps it. Doing it twice changes nothing."""
    subscriber = subscribers.find_unsubscribing(token)
    if subscriber is None:
        raise Refused(_("This link is not valid."))
    subscriber = lock(subscriber)
    if subscriber.state == SubscriberState.UNSUBSCRIBED:
        return subscriber
    if not subscriber.is_locked or subscriber.state != SubscriberState.ACTIVE:
        leave(subscriber)
    elif subscriber.leaves_at is None:
        _announce_leaving(subscriber)
    return subscriber


@transaction.atomic
def end_subscription(
    subscriber: Subscriber, *, actor: Staff | None = None, actor_name: str = ""
) -> Subscriber:
    """By staff or their program: at once, a locked mailbox too. The address may subscribe again. Doing it twice
    changes nothing."""
    subscriber = lock(subscriber)
    if subscriber.state != SubscriberState.UNSUBSCRIBED:
        leave(subscriber, actor=actor, actor_name=actor_name)
    return subscriber


@transaction.atomic
def keep(token: str) -> Subscriber:
    """Overrules whoever unsubscribed a shared mailbox. Refused once it has left."""
    link = subscribers.find_keeping(token)
    if link is None:
        raise Refused(_("This link is not valid."))
    subscriber = lock(link.subscriber)
    if subscriber.state != SubscriberState.ACTIVE:
        raise Refused(_("This mailbox is not subscribed any more."))
    if link.state is LinkState.VALID and subscriber.leaves_at is not None:
        subscriber.leaves_at, subscriber.keep_nonce = None, ""
        subscriber.save(update_fields=["leaves_at", "keep_nonce"])
        record("keep_mailbox", subscriber)
    return subscriber


@transaction.atomic
def lock_mailbox(subscriber: Subscriber, *, owner: str = "", actor: Staff | None = None) -> Subscriber:
    """From now on one reader alone cannot unsubscribe it; `owner` is asked beside the mailbox itself. Refused for
    an owner whom nothing is sent to: the question would not arrive, and an erased address is not written down again."""
    address = clean_address(owner) if owner.strip() else ""
    if address and is_suppressed(address):
        message = _(
            "Nothing is sent to this address: mail to it came back, or it was erased. Name another owner."
        )
        raise Refused(message, field="owner")
    subscriber = lock(subscriber)
    if subscriber.channel != Channel.EMAIL or subscriber.state != SubscriberState.ACTIVE:
        raise Refused("only a subscribed mailbox can be locked")
    subscriber.is_locked, subscriber.lock_owner = True, address
    subscriber.save(update_fields=["is_locked", "lock_owner"])
    record("lock_mailbox", subscriber, actor=actor, after={"has_owner": bool(address)})
    return subscriber


@transaction.atomic
def unlock_mailbox(subscriber: Subscriber, *, actor: Staff | None = None) -> Subscriber:
    """Every reader can unsubscribe it again; where one did, it leaves when it was said to."""
    subscriber = lock(subscriber)
    subscriber.is_locked, subscriber.lock_owner = False, ""
    subscriber.save(update_fields=["is_locked", "lock_owner"])
    record("unlock_mailbox", subscriber, actor=actor)
    return subscriber


def leave_due() -> int:
    """Ends what nobody kept; answers how many."""
    due = Subscriber.objects.filter(state=SubscriberState.ACTIVE, leaves_at__lte=timezone.now())
    return sum(_leave_if_due(subscriber) for subscriber in due)


@transaction.atomic
def _leave_if_due(subscriber: Subscriber) -> bool:
    subscriber = lock(subscriber)
    is_due = subscriber.leaves_at is not None and subscriber.leaves_at <= timezone.now()
    if is_due and subscriber.state == SubscriberState.ACTIVE:
        leave(subscriber)
    return is_due


def leave(subscriber: Subscriber, *, actor: Staff | None = None, actor_name: str = "") -> None:
    """In the caller's transaction, which holds the subscriber."""
    subscriber.unsubscribed_at = timezone.now()
    end(subscriber, SubscriberState.UNSUBSCRIBED)
    record("unsubscribe", subscriber, actor=actor, actor_name=actor_name)


def end(subscriber: Subscriber, state: SubscriberState) -> None:
    """What still waits for it is not sent, and no link that was mailed to it brings it back."""
    subscriber.state = state
    subscriber.is_locked, subscriber.lock_owner, subscriber.leaves_at = False, "", None
    subscriber.save()
    void_links(subscriber)
    unsent = (DeliveryState.QUEUED, DeliveryState.HELD)
    waiting = Delivery.objects.filter(subscriber=subscriber, state__in=unsent)
    waiting.update(state=DeliveryState.CANCELLED, last_reply=NO_LONGER_SUBSCRIBED)


def void_links(subscriber: Subscriber) -> None:
    """Links that were mailed before open nothing any more; those to confirm offer another."""
    subscriber.manage_nonce = subscriber.keep_nonce = ""
    subscriber.save(update_fields=["manage_nonce", "keep_nonce"])
    open_wishes = Wish.objects.filter(Q(subscriber=subscriber) | Q(about=subscriber), state=WishState.OPEN)
    open_wishes.update(state=WishState.VOID)


def _announce_leaving(subscriber: Subscriber) -> None:
    subscriber.leaves_at = timezone.now() + TIME_TO_KEEP
    subscriber.keep_nonce = new_nonce()
    subscriber.save(update_fields=["leaves_at", "keep_nonce"])
    record("ask_to_leave", subscriber)
    for asked in (subscriber, _owner_of(subscriber)):
        if asked is not None:
            choices = {"language": subscriber.language}
            wish = Wish.objects.create(
                subscriber=asked, kind=WishKind.KEEP, about=subscriber, choices=choices
            )
            send_mail(NoticeKind.KEEP, asked, wish=wish)


def _owner_of(subscriber: Subscriber) -> Subscriber | None:
    """Known to the outbox by a row of its own, which is subscribed to nothing unless it already was."""
    address = subscriber.lock_owner
    if not address or address == subscriber.email or is_suppressed(address):
        return None
    owner, _is_new = Subscriber.objects.get_or_create(
        page=subscriber.page,
        email=address,
        channel=Channel.EMAIL,
        defaults={"language": subscriber.language},
    )
    return owner
