"""Whose endpoint a link names, and what an owner has."""

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils import timezone

from incidents.lib import tokens
from incidents.models import Channel, Page, ServiceGroup, Subscriber, SubscriberState, Wish, WishState
from incidents.queries.subscribers import API_ID_LENGTH, CONFIRM_LIFE, ConfirmLink, LinkState, is_young

OF_SERVICES = Subscriber.services.through.objects
OF_GROUPS = Subscriber.groups.through.objects


def owner_token(wish: Wish) -> str:
    return tokens.sign("endpoint", wish.nonce)


def find_owning(token: str) -> ConfirmLink | None:
    """None for a forged token; expired where somebody has asked for the same endpoint since."""
    nonce = tokens.read("endpoint", token)
    wishes = Wish.objects.select_related("subscriber__page").exclude(subscriber__channel=Channel.EMAIL)
    wish = wishes.filter(nonce=nonce).first() if nonce else None
    if wish is None:
        return None
    if wish.subscriber.state == SubscriberState.ACTIVE:
        return ConfirmLink(wish, LinkState.DONE)
    is_valid = (
        wish.subscriber.state == SubscriberState.PENDING
        and wish.state == WishState.OPEN
        and is_young(wish.asked_at, CONFIRM_LIFE)
    )
    return ConfirmLink(wish, LinkState.VALID if is_valid else LinkState.EXPIRED)


def can_be_sent_again(wish: Wish) -> bool:
    """Whether nothing but its age ended the link; who asked since is the one who is asked now."""
    is_waiting = wish.subscriber.state == SubscriberState.PENDING and wish.state == WishState.OPEN
    return is_waiting and not is_young(wish.asked_at, CONFIRM_LIFE)


def of_owner(page: Page, address: str) -> QuerySet[Subscriber]:
    """The active endpoints of a mail address."""
    mine = Subscriber.objects.filter(page=page, email=address, state=SubscriberState.ACTIVE)
    return mine.exclude(channel=Channel.EMAIL).select_related("page").order_by("pk")


def secrets_of(subscriber: Subscriber) -> tuple[str, ...]:
    """What messages to it are signed with now, the newest first."""
    until = subscriber.former_secret_until
    has_former = bool(subscriber.former_secret) and until is not None and timezone.now() < until
    return (subscriber.secret, *([subscriber.former_secret] if has_former else []))


def api_id(page: Page, channel: str, endpoint: str) -> str:
    """As for an address: the same whether or not it is subscribed."""
    return tokens.short_mac("subscriber id", f"{page.pk} {channel} {endpoint}")[:API_ID_LENGTH]


def chosen_services(page: Page, channel: str) -> dict[int, set[int]]:
    """The services and, negative, the groups chosen by subscribers of a channel who did not choose all."""
    narrow = {"subscriber__page": page, "subscriber__channel": channel, "subscriber__all_services": False}
    chosen: dict[int, set[int]] = {}
    for reader, service in OF_SERVICES.filter(**narrow).values_list("subscriber", "service"):
        chosen.setdefault(reader, set()).add(service)
    for reader, group in OF_GROUPS.filter(**narrow).values_list("subscriber", "servicegroup"):
        chosen.setdefault(reader, set()).add(-group)
    return chosen


def groups_above(group_ids: Collection[int]) -> dict[int, set[int]]:
    """Each group with all that it lies in."""
    if not group_ids:
        return {}
    parents = dict(ServiceGroup.objects.values_list("pk", "parent_id"))
    found: dict[int, set[int]] = {}
    for group_id in group_ids:
        above: set[int] = set()
        step: int | None = group_id
        while step is not None and step not in above:
            above.add(step)
            step = parents.get(step)
        found[group_id] = above
    return found
