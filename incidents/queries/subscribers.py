"""Whom a link in a mail names, and what a subscriber can choose."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from django.db.models import Max, QuerySet
from django.utils import timezone

from incidents.lib import tokens
from incidents.lib.languages import said_by
from incidents.models import Delivery, NoticeKind, Page, Service, ServiceGroup, Subscriber, SubscriberState
from incidents.queries.service import place_of
from incidents.queries.shown import shown_services

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
class ServiceChoice:
    pk: int
    name: str


@dataclass(frozen=True)
class ServiceChoices:
    """`name` is empty for services in no group."""

    name: str
    services: tuple[ServiceChoice, ...]


def confirm_token(subscriber: Subscriber) -> str:
    return tokens.sign("confirm", f"{subscriber.public_id}.{subscriber.confirm_nonce}")


def manage_token(subscriber: Subscriber) -> str:
    return tokens.sign("manage", f"{subscriber.public_id}.{subscriber.manage_nonce}")


def unsubscribe_token(subscriber: Subscriber) -> str:
    """Never expires, and can do nothing but unsubscribe."""
    return tokens.sign("unsubscribe", subscriber.public_id)


def api_id(page: Page, address: str) -> str:
    """The same for one address whether or not it is subscribed; nobody else can make or undo it."""
    return tokens.short_mac("subscriber id", f"{page.pk} {address}")[:API_ID_LENGTH]


def find_confirming(token: str) -> Link | None:
    """None for a forged token. An old link still names its address, so that another can be sent there."""
    subscriber, nonce = _named_by("confirm", token)
    if subscriber is None:
        return None
    if subscriber.state == SubscriberState.ACTIVE:
        return Link(subscriber, LinkState.DONE)
    is_valid = (
        subscriber.state == SubscriberState.PENDING
        and _same(nonce, subscriber.confirm_nonce)
        and is_young(subscriber.confirm_sent_at, CONFIRM_LIFE)
    )
    return Link(subscriber, LinkState.VALID if is_valid else LinkState.EXPIRED)


def find_managing(token: str) -> Link | None:
    """Its time runs from the mail's departure, however long that waited in the queue."""
    subscriber, nonce = _named_by("manage", token)
    if subscriber is None or subscriber.state != SubscriberState.ACTIVE:
        return None
    mails = Delivery.objects.filter(subscriber=subscriber, notice__kind=NoticeKind.MANAGE)
    sent_at = mails.aggregate(last=Max("sent_at"))["last"]
    asked_at = subscriber.manage_sent_at
    opened_at = max(filter(None, (sent_at, asked_at)), default=None)
    is_valid = _same(nonce, subscriber.manage_nonce) and is_young(opened_at, MANAGE_LIFE)
    return Link(subscriber, LinkState.VALID if is_valid else LinkState.EXPIRED)


def find_unsubscribing(token: str) -> Subscriber | None:
    public_id = tokens.read("unsubscribe", token)
    return _subscribers().filter(public_id=public_id).first() if public_id else None


def service_choices(page: Page, *, language: str) -> list[ServiceChoices]:
    """The services that a page shows: in groups, then those in none; its own before those of other pages."""

    def name(row: Service | ServiceGroup | None, owner: Page) -> str:
        return said_by(row, "name", language=language, first=owner.first_language).text if row else ""

    services = shown_services(page).select_related("page", "group__parent__parent")
    in_order = sorted(
        services,
        key=lambda s: (s.page_id != page.pk, s.group is None, place_of(s.group), s.position, s.pk),
    )
    return [
        ServiceChoices(
            name(group, owner),
            tuple(ServiceChoice(service.pk, name(service, owner)) for service in members),
        )
        for (owner, group), members in groupby(in_order, key=lambda service: (service.page, service.group))
    ]


def _named_by(purpose: str, token: str) -> tuple[Subscriber | None, str]:
    public_id, _, nonce = (tokens.read(purpose, token) or "").partition(".")
    return (_subscribers().filter(public_id=public_id).first() if public_id else None), nonce


def _subscribers() -> QuerySet[Subscriber]:
    return Subscriber.objects.select_related("page")


def _same(given: str, stored: str) -> bool:
    return bool(stored) and secrets.compare_digest(given, stored)


def is_young(since: datetime | None, life: timedelta) -> bool:
    return since is not None and timezone.now() - since <= life
