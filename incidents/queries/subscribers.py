"""Whom a link in a mail names, and what it may still do."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Max, QuerySet
from django.utils import timezone

from incidents.lib import tokens
from incidents.models import (
    Channel,
    Delivery,
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
from incidents.queries.shown import shown_incidents

CONFIRM_LIFE = timedelta(days=7)
MANAGE_LIFE = timedelta(minutes=15)
API_ID_LENGTH = 12


class LinkState(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    DONE = "done"  # a confirmation that has been given already


@dataclass(frozen=True)
class Link:
    subscriber: Subscriber
    state: LinkState


@dataclass(frozen=True)
class ConfirmLink:
    wish: Wish
    state: LinkState


@dataclass(frozen=True)
class LastOnlyLink:
    subscriber: Subscriber
    incident: Incident
    state: LinkState


def confirm_token(wish: Wish) -> str:
    return tokens.sign("confirm", wish.nonce)


def manage_token(subscriber: Subscriber) -> str:
    return tokens.sign("manage", f"{subscriber.public_id}.{subscriber.manage_nonce}")


def unsubscribe_token(subscriber: Subscriber) -> str:
    """Never expires, and can do nothing but unsubscribe."""
    return tokens.sign("unsubscribe", subscriber.public_id)


def keep_token(subscriber: Subscriber) -> str:
    return tokens.sign("keep", f"{subscriber.public_id}.{subscriber.keep_nonce}")


def last_only_token(subscriber: Subscriber, incident: Incident) -> str:
    """Never expires, and can do nothing but quiet one incident for one subscriber."""
    return tokens.sign("last only", f"{subscriber.public_id}.{incident.reference}")


def api_id(page: Page, address: str) -> str:
    """The same for one address whether or not it is subscribed; nobody else can make or undo it."""
    return tokens.short_mac("subscriber id", f"{page.pk} {address}")[:API_ID_LENGTH]


def find_confirming(token: str) -> ConfirmLink | None:
    """None for a forged token. An old link still names its address, so that another can be sent there."""
    nonce = tokens.read("confirm", token)
    wishes = Wish.objects.select_related("subscriber__page", "about__page", "incident")
    wish = wishes.exclude(kind=WishKind.KEEP).filter(nonce=nonce).first() if nonce else None
    if wish is None:
        return None
    is_subscribed = wish.subscriber.state == SubscriberState.ACTIVE
    if wish.state == WishState.DONE or (wish.kind == WishKind.SUBSCRIBE and is_subscribed):
        return ConfirmLink(wish, LinkState.DONE)
    is_valid = wish.state == WishState.OPEN and is_young(wish.asked_at, CONFIRM_LIFE)
    return ConfirmLink(wish, LinkState.VALID if is_valid else LinkState.EXPIRED)


def find_managing(token: str) -> Link | None:
    """Its time runs from the mail's departure, however long that waited in the queue."""
    subscriber, nonce = _named_by("manage", token)
    if subscriber is None or subscriber.state != SubscriberState.ACTIVE:
        return None
    sent_at = _mails_of_link(subscriber).aggregate(last=Max("sent_at"))["last"]
    asked_at = subscriber.manage_sent_at
    opened_at = max(filter(None, (sent_at, asked_at)), default=None)
    is_valid = _same(nonce, subscriber.manage_nonce) and is_young(opened_at, MANAGE_LIFE)
    return Link(subscriber, LinkState.VALID if is_valid else LinkState.EXPIRED)


def _mails_of_link(subscriber: Subscriber) -> QuerySet[Delivery]:
    """One mail lists all endpoints of an owner."""
    if subscriber.channel == Channel.EMAIL:
        return Delivery.objects.filter(subscriber=subscriber, notice__kind=NoticeKind.MANAGE)
    of_owner = Delivery.objects.filter(
        subscriber__page=subscriber.page_id, subscriber__email=subscriber.email
    )
    return of_owner.filter(notice__kind=NoticeKind.ENDPOINTS)


def find_unsubscribing(token: str) -> Subscriber | None:
    public_id = tokens.read("unsubscribe", token)
    return _subscribers().filter(public_id=public_id).first() if public_id else None


def find_keeping(token: str) -> Link | None:
    """Valid while the mailbox is about to leave; expired once it has left, or was asked to leave again since."""
    subscriber, nonce = _named_by("keep", token)
    if subscriber is None:
        return None
    if subscriber.state != SubscriberState.ACTIVE:
        return Link(subscriber, LinkState.EXPIRED)
    if subscriber.leaves_at is None:
        return Link(subscriber, LinkState.DONE)
    is_newest = _same(nonce, subscriber.keep_nonce)
    return Link(subscriber, LinkState.VALID if is_newest else LinkState.EXPIRED)


def find_last_only(token: str) -> LastOnlyLink | None:
    """Expired where there is nothing more to come: the incident is over, or nobody is subscribed."""
    subscriber, reference = _named_by("last only", token)
    incident = find_shown_incident(subscriber.page, reference) if subscriber else None
    if subscriber is None or incident is None:
        return None
    if subscriber.state != SubscriberState.ACTIVE or not incident.is_open:
        return LastOnlyLink(subscriber, incident, LinkState.EXPIRED)
    is_done = Follow.objects.filter(subscriber=subscriber, incident=incident, last_only=True).exists()
    return LastOnlyLink(subscriber, incident, LinkState.DONE if is_done else LinkState.VALID)


def find_shown_incident(page: Page, reference: str) -> Incident | None:
    """Of those the page shows, its own first; in whatever case the reference is written."""
    found = shown_incidents(page).select_related("page").filter(reference__iexact=reference)
    return min(found, key=lambda incident: incident.page_id != page.pk, default=None)


def _named_by(purpose: str, token: str) -> tuple[Subscriber | None, str]:
    public_id, _, nonce = (tokens.read(purpose, token) or "").partition(".")
    return (_subscribers().filter(public_id=public_id).first() if public_id else None), nonce


def _subscribers() -> QuerySet[Subscriber]:
    return Subscriber.objects.select_related("page")


def _same(given: str, stored: str) -> bool:
    return bool(stored) and secrets.compare_digest(given, stored)


def is_young(since: datetime | None, life: timedelta) -> bool:
    return since is not None and timezone.now() - since <= life
