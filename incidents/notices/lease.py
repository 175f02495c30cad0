"""Claims deliveries by lease, gives them back, and takes over what a dead sender held."""

import logging
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Min, QuerySet

from incidents.lib.owner import is_alive, is_dead
from incidents.models import (
    Delivery,
    DeliveryState,
    Lane,
    Notice,
    Page,
    StaffContact,
    is_endpoint_lane,
)
from incidents.notices import throttle

LEASE = timedelta(seconds=60)
PATIENCE_SECONDS = 60.0
CRASHES_UNTIL_PARKED = 3

# The states stand as literals so that both databases see that the partial indexes serve. Ordered by that
# index alone: a sort over everything that waits would cost each claim the whole backlog.
_CLAIM = """
    WITH due AS MATERIALIZED (
      SELECT d.id FROM incidents_delivery d
      WHERE d.state = 'queued' AND d.lane = %s AND d.next_attempt_at <= {at}
        AND NOT EXISTS (
          SELECT 1 FROM incidents_delivery e
          WHERE e.subscriber_id = d.subscriber_id AND e.thread = d.thread AND e.sequence < d.sequence
            AND e.channel = d.channel AND e.state IN ('queued', 'sending', 'held'))
      ORDER BY d.next_attempt_at LIMIT {wanted} {lock})
    UPDATE incidents_delivery
    SET state = 'sending', attempts = attempts + 1, lease_owner = %s, lease_until = {at}
    WHERE id IN (SELECT id FROM due)
    RETURNING id
"""

_READ = (
    *("public_id", "notice", "contact", "channel", "thread", "sequence", "lane", "domain"),
    *("attempts", "crashes", "maybe_sent", "next_attempt_at", "expires_at"),
    *(f"subscriber__{name}" for name in ("public_id", "page", "email", "language", "time_zone", "state")),
    *("subscriber__paused_until", "subscriber__manage_nonce", "subscriber__keep_nonce"),
)
"""What a message is made of: to load everything else costs as much as to send it."""
_READ_ENDPOINT = tuple(
    f"subscriber__{name}"
    for name in (
        *("channel", "endpoint", "secret", "former_secret", "former_secret_until"),
        *("failing_since", "all_services", "time_zone"),
    )
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TakenOver:
    """`parked` were in the hands of a sender that died three times over them."""

    given_back: int
    parked: int


class Patience:
    """For how long leases have not been renewed, by the clock that never jumps."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime, float]] = {}

    def is_over(self, owner: str, lease_until: datetime) -> bool:
        known = self._seen.get(owner)
        if known is None or known[0] != lease_until:
            known = self._seen[owner] = (lease_until, time.monotonic())
        return time.monotonic() - known[1] >= PATIENCE_SECONDS

    def keep(self, owners: Iterable[str]) -> None:
        """Forgets all others."""
        self._seen = {owner: self._seen[owner] for owner in owners if owner in self._seen}


_patience = Patience()


def claim(
    owner: str, lane: str, *, wanted: int, now: datetime, limits: Collection[str] = ()
) -> list[Delivery]:
    """Up to `wanted` due deliveries of the lane, in the order in which they must be sent.

    Within its own limits, where it is a domain's, and within those of the throttles named.
    """
    keys = [*limits, *([] if lane in Lane.values else [lane])]
    with transaction.atomic():  # IMMEDIATE on SQLite, which has no row locks
        room, taken = wanted, []
        for key in keys:
            room = throttle.take(key, owner, wanted=room, now=now)
            taken.append((key, room))
        claimed = _claim(owner, lane, wanted=room, now=now) if room else 0
        for key, count in taken:
            throttle.put_back(key, count - claimed)
    return load(owner, of_endpoints=is_endpoint_lane(lane)) if claimed else []


def load(owner: str, *, of_endpoints: bool = False) -> list[Delivery]:
    """All that the sender holds, as it is now. The notices once: most rows of a batch tell the same."""
    held = Delivery.objects.filter(lease_owner=owner, state=DeliveryState.SENDING)
    columns = (*_READ, *_READ_ENDPOINT) if of_endpoints else _READ
    found = list(held.select_related("subscriber").only(*columns))
    notices = _notices().in_bulk({delivery.notice_id for delivery in found})
    for delivery in found:
        delivery.notice = notices[delivery.notice_id]
    _load_contacts(found)
    to_readers = [delivery for delivery in found if delivery.contact_id is None]
    _load_pages(to_readers, {notice.page_id: notice.page for notice in notices.values()})
    return sorted(found, key=_order)


def _notices() -> QuerySet[Notice]:
    told = (
        *("update__incident", "report__incident", "maintenance_update__maintenance__page"),
        *("staff_alert__page", "staff_alert__incident", "measure__report__incident__page"),
    )
    return Notice.objects.select_related("page", "incident", *told)


def _load_contacts(deliveries: Iterable[Delivery]) -> None:
    of_staff = [delivery for delivery in deliveries if delivery.contact_id is not None]
    if of_staff:
        contacts = StaffContact.objects.in_bulk([delivery.contact_id for delivery in of_staff])
        for delivery in of_staff:
            delivery.contact = contacts[delivery.contact_id]


def _load_pages(deliveries: Iterable[Delivery], known: dict[int, Page]) -> None:
    """Each subscriber's own page, which may show what another page tells."""
    others = {delivery.reader.page_id for delivery in deliveries} - known.keys()
    if others:
        known |= Page.objects.in_bulk(others)
    for delivery in deliveries:
        delivery.reader.page = known[delivery.reader.page_id]


def _claim(owner: str, lane: str, *, wanted: int, now: datetime) -> int:
    is_postgresql = connection.vendor == "postgresql"
    sql = _CLAIM.format(
        at="%s::timestamptz" if is_postgresql else "%s",
        wanted=wanted,
        lock="FOR UPDATE OF d SKIP LOCKED" if is_postgresql else "",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [lane, _instant(now), owner, _instant(now + LEASE)])
        return len(cursor.fetchall())  # Python's SQLite counts no rows of a statement that begins WITH


def _instant(value: datetime) -> datetime | str | None:
    adapted: datetime | str | None = connection.ops.adapt_datetimefield_value(value)
    return adapted


def _order(delivery: Delivery) -> tuple[object, ...]:
    return (delivery.next_attempt_at, delivery.pk)


def give_back(deliveries: Iterable[Delivery], owner: str, **changed: object) -> None:
    """Unattempted, to be claimed by anyone at once."""
    held = Delivery.objects.filter(
        pk__in=[d.pk for d in deliveries], lease_owner=owner, state=DeliveryState.SENDING
    )
    state = DeliveryState.QUEUED
    held.update(state=state, attempts=F("attempts") - 1, lease_owner="", lease_until=None, **changed)


def renew(owner: str, *, now: datetime) -> None:
    held = Delivery.objects.filter(lease_owner=owner, state=DeliveryState.SENDING)
    held.update(lease_until=now + LEASE)


def take_over(asker: str, *, now: datetime) -> TakenOver:
    """Queues again what dead processes of this machine and expired leases hold.

    A sender works through its batch in order, so only the first row it still holds can have been
    under way: that one may have been sent, and it alone counts a crash.
    """
    given_back = parked = 0
    for owner in _lost_owners(asker, now=now):
        with transaction.atomic():
            held = sorted(_held_by(owner, asker, now=now).select_for_update(skip_locked=True), key=_order)
            if held:
                parked += count_crash(held[0])
                give_back(held[1:], owner)
                given_back += len(held)
    return TakenOver(given_back, parked)


def _lost_owners(asker: str, *, now: datetime) -> list[str]:
    sending = Delivery.objects.filter(state=DeliveryState.SENDING)
    leases = dict(sending.order_by().values_list("lease_owner").annotate(until=Min("lease_until")))
    _patience.keep(leases)
    return [owner for owner, until in leases.items() if _is_lost(owner, until, asker=asker, now=now)]


def _is_lost(owner: str, until: datetime, *, asker: str, now: datetime) -> bool:
    """One that runs on this machine may have had its lease end by a jump of the clock: it is given the time
    of a lease to renew it."""
    if is_dead(owner, asker=asker):
        return True
    is_patient_enough = _patience.is_over(owner, until)
    return until < now and (is_patient_enough or not is_alive(owner, asker=asker))


def _held_by(owner: str, asker: str, *, now: datetime) -> QuerySet[Delivery]:
    held = Delivery.objects.filter(lease_owner=owner, state=DeliveryState.SENDING)
    return held if is_dead(owner, asker=asker) else held.filter(lease_until__lt=now)


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
