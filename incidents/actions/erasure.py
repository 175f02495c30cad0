"""An address that asks to be forgotten."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from incidents.actions import audit, sign_ups
from incidents.actions.phone import counted_as
from incidents.actions.suppression import clean_recipient, subscriptions_of
from incidents.lib.addresses import without
from incidents.models import (
    AuditEntry,
    CustomerContact,
    Delivery,
    MailEvent,
    Notice,
    Staff,
    Subscriber,
    Suppression,
    SuppressionReason,
    Throttle,
)
from incidents.notices.render import TOLD_TO_MANY
from incidents.queries.suppressions import find_suppressions, suppression_key

log = logging.getLogger(__name__)


@transaction.atomic
def erase_subscriber(email: str, *, actor: Staff | None = None) -> int:
    """Forgets the address, or the telephone number, on every page; answers how many subscriptions it had.

    Only a keyed hash stays, so that nothing is sent to it again. How many a notice was for stays as it was.
    Accounts of staff are another matter: they are left alone.
    """
    address = clean_recipient(email)
    subscribers = subscriptions_of(address)
    count = subscribers.count()
    deliveries = Delivery.objects.filter(subscriber__in=subscribers)
    names = list(deliveries.values_list("public_id", flat=True))
    MailEvent.objects.filter(subscriber__in=subscribers).update(words="")
    Notice.objects.filter(deliveries__in=deliveries).exclude(kind__in=TOLD_TO_MANY).delete()
    subscribers.delete()
    Subscriber.objects.filter(lock_owner__iexact=address).update(lock_owner="")
    CustomerContact.objects.filter(email__iexact=address).delete()
    sign_ups.forget(address if "@" in address else counted_as(address))
    _redact(address)
    suppression = _suppress(address)
    audit.record("erase_subscriber", suppression, actor=actor, after={"subscriptions": count})
    transaction.on_commit(lambda: _delete_files(names), robust=True)
    return count


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
    _redact_text(AuditEntry.objects.filter(actor=None), "actor_name", address)


def _redact_text(rows: QuerySet[Any], field: str, address: str) -> None:
    found: QuerySet[Model] = rows.filter(**{f"{field}__icontains": address})
    for row in found.only(field):
        setattr(row, field, without(address, getattr(row, field)))
        row.save(update_fields=[field])


def _redacted(written: dict[str, Any], address: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(without(address, json.dumps(written)))
    return kept


def _delete_files(names: Iterable[str]) -> None:
    """Mails that were written to files while no mail server was set up."""
    for name in names:
        try:
            (Path(settings.MAIL_DIR) / f"{name}.eml").unlink(missing_ok=True)
        except OSError as error:
            log.error("mail file %s of an erased address could not be deleted: %s", name, error.strerror)
