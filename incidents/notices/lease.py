"""Claims deliveries by lease, gives them back, and takes over what a dead sender held."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from incidents.models import Delivery, DeliveryState, Notice, Page
from incidents.notices.channel import Answer
from incidents.notices.owner import is_dead

BATCH = 20
LEASE = timedelta(seconds=60)
CRASHES_UNTIL_PARKED = 3

# The states stand as literals so that both databases see that the partial index of due rows serves. Ordered
# by that index alone: a sort over everything that waits would cost each claim the whole backlog.
_CLAIM = """
    WITH due AS MATERIALIZED (
      SELECT d.id FROM incidents_delivery d
      WHERE d.state IN ('queued', 'sending') AND d.state = 'queued' AND d.next_attempt_at <= {at}
        AND NOT EXISTS (
          SELECT 1 FROM incidents_delivery e
          WHERE e.subscriber_id = d.subscriber_id AND e.channel = d.channel
            AND (e.incident_id = d.incident_id OR e.maintenance_id = d.maintenance_id)
            AND e.sequence < d.sequence
            AND e.state IN ('queued', 'sending'))
      ORDER BY d.priority, d.next_attempt_at LIMIT {batch} {lock})
    UPDATE incidents_delivery
    SET state = 'sending', attempts = attempts + 1, lease_owner = %s, lease_until = {at}
    WHERE id IN (SELECT id FROM due)
    RETURNING id
"""

_MARK_SENT = """
    UPDATE incidents_delivery
    SET state = 'sent', sent_at = %s, lease_owner = '', lease_until = NULL, last_code = %s, last_reply = %s
    WHERE id = %s
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TakenOver:
    """`parked` were in the hands of a sender that died three times over them."""

    given_back: int
    parked: int


def claim(owner: str) -> list[Delivery]:
    """Up to a batch of due deliveries, in the order in which they must be sent."""
    with transaction.atomic():  # IMMEDIATE on SQLite, which has no row locks
        ids = _claim_ids(owner)
    found = list(Delivery.objects.filter(pk__in=ids).select_related("subscriber"))
    notices = _notices().in_bulk({delivery.notice_id for delivery in found})
    for delivery in found:
        delivery.notice = notices[delivery.notice_id]
    _load_pages(found, {notice.page_id: notice.page for notice in notices.values()})
    return sorted(found, key=_order)


def mark_sent(delivery: Delivery, owner: str, answer: Answer) -> None:
    """A statement of its own, committed at once. An acceptance after the lease was lost counts as well."""
    values = [_instant(timezone.now()), answer.code[:10], answer.text[:300], delivery.pk]
    with connection.cursor() as cursor:
        cursor.execute(f"{_MARK_SENT} AND state = 'sending' AND lease_owner = %s", [*values, owner])
        if cursor.rowcount:
            return
        log.warning("delivery %s was accepted after its lease was lost", delivery.public_id)
        cursor.execute(f"{_MARK_SENT} AND state IN ('queued', 'sending')", values)


def _notices() -> QuerySet[Notice]:
    """Loaded once a batch, not once a row: most rows of a batch tell the same."""
    told = ("update__incident", "report__incident", "maintenance_update__maintenance__page")
    return Notice.objects.select_related("page", "incident", *told)


def _load_pages(deliveries: Iterable[Delivery], known: dict[int, Page]) -> None:
    """Each subscriber's own page, which may show what another page tells."""
    others = {delivery.subscriber.page_id for delivery in deliveries} - known.keys()
    if others:
        known |= Page.objects.in_bulk(others)
    for delivery in deliveries:
        delivery.subscriber.page = known[delivery.subscriber.page_id]


def _claim_ids(owner: str) -> list[int]:
    now = timezone.now()
    is_postgresql = connection.vendor == "postgresql"
    sql = _CLAIM.format(
        at="%s::timestamptz" if is_postgresql else "%s",
        batch=BATCH,
        lock="FOR UPDATE OF d SKIP LOCKED" if is_postgresql else "",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [_instant(now), owner, _instant(now + LEASE)])
        return [row[0] for row in cursor.fetchall()]


def _instant(value: datetime) -> datetime | str | None:
    adapted: datetime | str | None = connection.ops.adapt_datetimefield_value(value)
    return adapted


def _order(delivery: Delivery) -> tuple[object, ...]:
    return (delivery.priority, delivery.next_attempt_at, delivery.pk)


def give_back(deliveries: Iterable[Delivery], owner: str) -> None:
    """Unattempted, to be claimed by anyone at once."""
    held = Delivery.objects.filter(
        pk__in=[d.pk for d in deliveries], lease_owner=owner, state=DeliveryState.SENDING
    )
    held.update(state=DeliveryState.QUEUED, attempts=F("attempts") - 1, lease_owner="", lease_until=None)


def renew(owner: str) -> None:
    held = Delivery.objects.filter(lease_owner=owner, state=DeliveryState.SENDING)
    held.update(lease_until=timezone.now() + LEASE)


def take_over(asker: str) -> TakenOver:
    """Queues again what expired leases and dead processes of this machine hold.

    A sender works through its batch in order, so only the first row it still holds can have been
    under way: that one may have been sent, and it alone counts a crash.
    """
    given_back = parked = 0
    for owner in _lost_owners(asker):
        with transaction.atomic():
            held = sorted(_held_by(owner, asker).select_for_update(skip_locked=True), key=_order)
            if held:
                parked += count_crash(held[0])
                give_back(held[1:], owner)
                given_back += len(held)
    return TakenOver(given_back, parked)


def _lost_owners(asker: str) -> list[str]:
    sending = Delivery.objects.filter(state=DeliveryState.SENDING)
    owners = sending.order_by().values_list("lease_owner", flat=True).distinct()
    expired = set(owners.filter(lease_until__lt=timezone.now()))
    return [owner for owner in owners if owner in expired or is_dead(owner, asker=asker)]


def _held_by(owner: str, asker: str) -> QuerySet[Delivery]:
    held = Delivery.objects.filter(lease_owner=owner, state=DeliveryState.SENDING)
    if is_dead(owner, asker=asker):
        return held
    return held.filter(lease_until__lt=timezone.now())


def count_crash(delivery: Delivery) -> bool:
    """Queues again what ended its sender, or parks it the third time; tells whether it is parked."""
    delivery.crashes += 1
    is_parked = delivery.crashes >= CRASHES_UNTIL_PARKED
    delivery.state = DeliveryState.PARKED if is_parked else DeliveryState.QUEUED
    delivery.maybe_sent = True
    delivery.lease_owner = ""
    delivery.lease_until = None
    if is_parked:
        delivery.last_reply = "Parked: the sender died three times while this was under way."
    delivery.save(
        update_fields=["state", "crashes", "maybe_sent", "lease_owner", "lease_until", "last_reply"]
    )
    return is_parked
