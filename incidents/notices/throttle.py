"""Holds senders back: from a mail server that is out of order, from a domain that refuses us or wants us slower.

Its rows are shared by all processes. A recipient domain that needs it has a lane of its own, so that nobody
else's mail waits behind its mails.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from incidents.models import STAFF_LANES, Channel, Delivery, DeliveryState, Lane, Throttle, endpoint_lane

FAILURES = 5
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0
PROBE_SECONDS = 60.0
QUIET_DAYS = 7
UNLISTED_CONNECTIONS = 1

_FIXED_LANES = (*STAFF_LANES, Lane.PERSONAL, Lane.NOTICES)
# The state stands as a literal so that both databases see that the partial index serves.
_DUE_LANES = """
    SELECT lane.key FROM (
      SELECT 'staff' AS key, 0 AS failures UNION ALL SELECT 'staff:endpoints', 0
      UNION ALL SELECT 'personal', 0 UNION ALL SELECT 'notices', 0
      UNION ALL SELECT t.key, t.failures FROM incidents_throttle t
        WHERE t.is_lane AND (t.paused_until IS NULL OR t.paused_until <= {at})) AS lane
    WHERE EXISTS (
      SELECT 1 FROM incidents_delivery d
      WHERE d.lane = lane.key AND d.state = 'queued' AND d.next_attempt_at <= {at})
    ORDER BY lane.failures, lane.key
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gate:
    """Whether messages may be handed over now: only one to see how it goes, where it `is_probe`."""

    is_open: bool
    is_probe: bool = False
    has_failed: bool = False
    has_rate: bool = False


def host_key() -> str:
    """The mail server that all senders share."""
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if settings.MAIL_SERVER else "folder"


def set_up() -> None:
    """Makes the rows say what MAIL_RATES does; a domain in it has a lane."""
    host = host_key()
    wanted = {host if key == "*" else key: limits for key, limits in settings.MAIL_RATES.items()}
    known = Throttle.objects.filter(Q(key__in=wanted) | Q(rate__isnull=False)).in_bulk()
    for key in known.keys() - wanted.keys():
        _limit(key, None, UNLISTED_CONNECTIONS)
    for key, (rate, connections) in wanted.items():
        if key in known and (known[key].rate, known[key].connections) != (rate, connections):
            _limit(key, rate, connections)
        if key in known or rate is connections is None:
            continue
        if key == host:
            Throttle.objects.get_or_create(key=key, defaults={"is_lane": False, "rate": rate})
        else:
            open_lane(key, rate=rate, connections=connections)


def _limit(key: str, rate: float | None, connections: int | None) -> None:
    Throttle.objects.filter(key=key).update(rate=rate, connections=connections)


def due_lanes(now: datetime) -> list[str]:
    """Where something is due, what staff are told first, then the personal mails, and what failed last time last."""
    at = "%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    instant = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_DUE_LANES.format(at=at), [instant, instant])
        found = [row[0] for row in cursor.fetchall()]
    fixed = [lane.value for lane in _FIXED_LANES if lane in found]
    return [*fixed, *(lane for lane in found if lane not in fixed)]


def admit(key: str, *, now: datetime) -> Gate:
    """Whether the mail server is asked at all: after a pause by one message, of one sender."""
    known = Throttle.objects.filter(key=key).first()
    if known is None:
        return Gate(is_open=True)
    has_rate = known.rate is not None
    if known.pause_seconds == 0:
        return Gate(is_open=True, has_failed=known.failures > 0, has_rate=has_rate)
    if known.paused_until and known.paused_until > now:
        return Gate(is_open=False)
    probing = Throttle.objects.filter(key=key, paused_until=known.paused_until)
    is_ours = probing.update(paused_until=now + timedelta(seconds=PROBE_SECONDS))
    return Gate(is_open=bool(is_ours), is_probe=True, has_failed=True, has_rate=has_rate)


def end_probe(key: str, *, now: datetime) -> None:
    """There was nothing to ask with."""
    Throttle.objects.filter(key=key).update(paused_until=now)


def take(key: str, owner: str, *, wanted: int, now: datetime) -> int:
    """How many of `wanted` may be claimed; call it in the claim's transaction, which then holds the row."""
    known = Throttle.objects.select_for_update().filter(key=key).first()
    if known is None:
        return wanted
    if known.is_lane and not _has_room(known, owner, now=now):
        return 0
    if known.is_lane and known.failures >= FAILURES:
        wanted = 1
    if known.rate is None:
        return wanted
    _refill(known, now=now)
    is_worth_it = known.tokens >= max(1.0, known.rate / 4)  # else a round for every single mail
    taken = min(wanted, int(known.tokens)) if is_worth_it else 0
    known.tokens -= taken
    known.save(update_fields=["tokens", "refilled_at"])
    return taken


def put_back(key: str, count: int) -> None:
    """What was taken and not used; in the same transaction."""
    known = Throttle.objects.filter(key=key, rate__isnull=False).first()
    if known and count:
        known.tokens += count
        known.save(update_fields=["tokens"])


def _has_room(lane: Throttle, owner: str, *, now: datetime) -> bool:
    if lane.paused_until and lane.paused_until > now:
        return False
    if lane.connections is None:
        return True
    busy = Delivery.objects.filter(lane=lane.key, state=DeliveryState.SENDING).exclude(lease_owner=owner)
    return busy.order_by().values("lease_owner").distinct().count() < lane.connections


def _refill(known: Throttle, *, now: datetime) -> None:
    """A second's worth at most is saved up; a clock that goes backwards takes nothing away."""
    assert known.rate is not None
    most = max(1.0, known.rate)
    since = (now - known.refilled_at).total_seconds() if known.refilled_at else most
    known.tokens = min(most, known.tokens + max(0.0, since) * known.rate)
    known.refilled_at = now


def open_lane(
    domain: str, *, rate: float | None = None, connections: int | None = UNLISTED_CONNECTIONS
) -> None:
    """Gives the domain a lane of its own, and moves there what waits for it."""
    with transaction.atomic():
        _, is_new = Throttle.objects.get_or_create(
            key=domain, defaults={"is_lane": True, "rate": rate, "connections": connections}
        )
        if is_new:
            waiting = Delivery.objects.filter(state=DeliveryState.QUEUED, lane=Lane.NOTICES, domain=domain)
            waiting.update(lane=domain)


def open_endpoint_lane(channel: str, domain: str, *, now: datetime) -> str:
    """The lane of a host that is told by another channel than mail."""
    key = endpoint_lane(channel, domain)
    Throttle.objects.update_or_create(
        key=key,
        defaults={"changed_at": now},
        create_defaults={"is_lane": True, "connections": UNLISTED_CONNECTIONS, "changed_at": now},
    )
    return key


def find_lanes(deliveries: QuerySet[Delivery], *, now: datetime) -> None:
    """Gives what is to be queued anew a lane that is served: its own may be forgotten since."""
    mails = deliveries.filter(channel=Channel.EMAIL)
    of_domain = Throttle.objects.filter(is_lane=True, key=OuterRef("domain")).values("key")
    mails.update(lane=Coalesce(Subquery(of_domain), Value(Lane.NOTICES.value)))
    hosts = deliveries.exclude(channel=Channel.EMAIL).order_by("channel", "domain")
    for channel, domain in hosts.values_list("channel", "domain").distinct():
        open_endpoint_lane(channel, domain, now=now)


def host_failed(key: str, reply: str, *, now: datetime, is_probe: bool, at_once: bool) -> bool:
    """Pauses after five failures in a row, or `at_once`; a probe that fails doubles the pause.

    Tells whether it is paused.
    """
    with transaction.atomic():
        known, _ = Throttle.objects.select_for_update().get_or_create(key=key, defaults={"is_lane": False})
        _count(known, reply, now=now)
        is_paused = known.pause_seconds > 0
        if is_probe or (not is_paused and (at_once or known.failures >= FAILURES)):
            _pause(known, now=now)
            log.error("%s takes no mail of ours (%s): tried again in %d s", key, reply, known.pause_seconds)
        known.save()
    return known.pause_seconds > 0


def domain_failed(domain: str, reply: str, *, now: datetime) -> int:
    """As for the server, for one recipient domain; answers how many failures in a row it is."""
    open_lane(domain)
    with transaction.atomic():
        known = Throttle.objects.select_for_update().get(key=domain)
        _count(known, reply, now=now)
        if known.failures >= FAILURES:
            _pause(known, now=now)
            log.error(
                "%s takes nothing of ours (%s): tried again in %d s", domain, reply, known.pause_seconds
            )
        known.save()
    return known.failures


def slow_down(domain: str, reply: str, *, now: datetime) -> None:
    """The domain asks for patience: its lane pauses, longer each time until a mail is taken."""
    open_lane(domain)
    with transaction.atomic():
        known = Throttle.objects.select_for_update().get(key=domain)
        _pause(known, now=now)
        known.last_reply = reply[:320]
        known.save()


def succeeded(key: str) -> None:
    Throttle.objects.filter(key=key).update(failures=0, pause_seconds=0, paused_until=None)


def forget_quiet(now: datetime) -> int:
    """Lanes opened for a trouble that is long over."""
    waiting = Delivery.objects.filter(lane=OuterRef("key"), state__in=["queued", "sending", "held"])
    quiet = Throttle.objects.filter(is_lane=True, changed_at__lt=now - timedelta(days=QUIET_DAYS))
    forgotten, _ = quiet.exclude(Exists(waiting)).exclude(key__in=settings.MAIL_RATES).delete()
    return forgotten


def _count(known: Throttle, reply: str, *, now: datetime) -> None:
    known.failures += 1
    known.last_reply = reply[:320]
    known.changed_at = now


def _pause(known: Throttle, *, now: datetime) -> None:
    known.pause_seconds = min(known.pause_seconds * 2 or FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    known.paused_until = now + timedelta(seconds=known.pause_seconds)
    known.changed_at = now
