"""Addresses that nothing is sent to, by any page: what puts one there, and what lifts it."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incidents.actions import audit
from incidents.actions.leaving import end
from incidents.actions.phone import clean_number
from incidents.lib.addresses import clean_address, without, without_any
from incidents.lib.errors import Refused
from incidents.models import (
    Channel,
    Staff,
    Subscriber,
    SubscriberState,
    Suppression,
    SuppressionReason,
)
from incidents.queries.suppressions import find_suppressions, suppression_key

ACTOR = "mail"
LEFT = (SubscriberState.UNSUBSCRIBED, SubscriberState.DISABLED)
MOST_WORDS = 300


def clean_recipient(text: str) -> str:
    """A mail address, or a telephone number with its country code; Refused(field="email") says what is wrong."""
    if "@" in text or not text.strip().startswith("+"):
        return clean_address(text)
    try:
        return clean_number(text)
    except Refused as refused:
        raise Refused(str(refused), field="email") from None


def subscriptions_of(recipient: str) -> QuerySet[Subscriber]:
    """On every page; of a mail address with the endpoints that it owns."""
    if "@" in recipient:
        return Subscriber.objects.filter(email__iexact=recipient)
    return Subscriber.objects.filter(channel=Channel.SMS, endpoint=recipient)


@transaction.atomic
def suppress(address: str, *, reason: SuppressionReason, words: str = "") -> None:
    """Takes the address out on every page. `words` are the server's; they are kept for good, so without any
    address. The first reason stays."""
    if not find_suppressions(address).exists():
        kept = without_any(words)[:MOST_WORDS]
        Suppression.objects.get_or_create(
            address=suppression_key(address), defaults={"reason": reason, "words": kept}
        )
    same = Subscriber.objects.filter(email=address, channel=Channel.EMAIL)
    for one in same.select_for_update().order_by("pk"):
        if one.state in LEFT:
            end(one, SubscriberState(one.state))  # it may have asked to come back
            continue
        one.disabled_reason = without(address, words)[:MOST_WORDS]
        end(one, SubscriberState.DISABLED)
        audit.record("disable_subscription", one, actor_name=ACTOR, after={"reason": reason.value})


@transaction.atomic
def lift_suppression(email: str, *, actor: Staff | None = None) -> int:
    """The address, or the number, may subscribe again. What it had subscribed to stays ended: only its owner's
    confirmation begins anything. Answers how many subscriptions those are."""
    address = clean_recipient(email)
    found = find_suppressions(address)
    if not found:
        raise Refused(_("Nothing is held back from this address."), field="email")
    for suppression in found:
        audit.record("lift_suppression", suppression, actor=actor, before={"reason": suppression.reason})
    found.delete()
    return subscriptions_of(address).filter(channel__in=(Channel.EMAIL, Channel.SMS), state__in=LEFT).count()
