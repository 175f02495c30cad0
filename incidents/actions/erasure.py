"""An address that asks to be forgotten, and one that may be written to again."""

import json
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from incidents.actions import audit, sign_ups
from incidents.lib.addresses import clean_address, without
from incidents.lib.errors import Refused
from incidents.models import (
    AuditEntry,
    CustomerContact,
    Delivery,
    MailEvent,
    Staff,
    Subscriber,
    Suppression,
    SuppressionReason,
    Throttle,
)
from incidents.queries.suppressions import find_suppressions, suppression_key


@transaction.atomic
def erase_subscriber(email: str, *, actor: Staff | None = None) -> int:
    """Forgets the address on every page; answers how many subscriptions it had.

    Only a keyed hash stays, so that nothing is sent to it again. How many a notice was for stays as it was.
    Accounts of staff are another matter: they are left alone.
    """
    address = clean_address(email)
    subscribers = Subscriber.objects.filter(email__iexact=address)
    count = subscribers.count()
    MailEvent.objects.filter(subscriber__in=subscribers).update(words="")
    subscribers.delete()
    Subscriber.objects.filter(lock_owner__iexact=address).update(lock_owner="")
    CustomerContact.objects.filter(email__iexact=address).delete()
    sign_ups.forget(address)
    sign_ups.forget(address)
    _redact(address)
    suppression = _suppress(address)
    audit.record("erase_subscriber", suppression, actor=actor, after={"subscriptions": count})
    return count


@transaction.atomic
def lift_suppression(email: str, *, actor: Staff | None = None) -> None:
    """The address may subscribe again; what it had subscribed to before stays ended."""
    found = find_suppressions(clean_address(email))
    if not found:
        raise Refused(_("Nothing is held back from this address."), field="email")
    for suppression in found:
        audit.record("lift_suppression", suppression, actor=actor, before={"reason": suppression.reason})
    found.delete()


def _suppress(address: str) -> Suppression:
    find_suppressions(address).delete()
    return Suppression.objects.create(address=suppression_key(address), reason=SuppressionReason.ERASED)


def _redact(address: str) -> None:
    """Servers quote addresses in their replies, and the record may hold what was written of one."""
    _redact_text(Throttle.objects.all(), "last_reply", address)
    _redact_text(Delivery.objects.all(), "last_reply", address)
    _redact_text(MailEvent.objects.all(), "words", address)
    _redact_text(Suppression.objects.all(), "words", address)
    _redact_text(Subscriber.objects.all(), "disabled_reason", address)
    told = Q(before__icontains=address) | Q(after__icontains=address)
    for entry in AuditEntry.objects.filter(told):
        entry.before = _redacted(entry.before, address)
        entry.after = _redacted(entry.after, address)
        entry.save(update_fields=["before", "after"])


def _redact_text(rows: QuerySet[Any], field: str, address: str) -> None:
    found: QuerySet[Model] = rows.filter(**{f"{field}__icontains": address})
    for row in found.only(field):
        setattr(row, field, without(address, getattr(row, field)))
        row.save(update_fields=[field])


def _redacted(written: dict[str, Any], address: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(without(address, json.dumps(written)))
    return kept
