"""Keeps old news from being told as new: after a restored backup, a long silence, or a clock put back.

What waited then for subscribers is held until staff say whether it is still to be sent; what is published
meanwhile goes out.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q

from incidents.models import Delivery, DeliveryState, OutboxWatch

OLD = timedelta(hours=6)
FRESH = timedelta(minutes=15)
CLOCK_SLACK = timedelta(seconds=60)
BEAT = timedelta(seconds=15)
SWEEP = timedelta(seconds=60)
NEWEST_ROWS = 1_000

log = logging.getLogger(__name__)


def keep_watch(*, now: datetime) -> None:
    """Notes that a sender is at work; looks first how long none was. Cheap when one just did."""
    known = OutboxWatch.objects.filter(pk=1).first()
    if known and timedelta(0) <= now - known.heartbeat_at < BEAT:
        return
    with transaction.atomic():
        watch, is_new = OutboxWatch.objects.select_for_update().get_or_create(
            pk=1, defaults={"heartbeat_at": now, "swept_at": now}
        )
        _hold(watch, now=now, was_away=not is_new and now - watch.heartbeat_at > OLD)
        watch.heartbeat_at = now
        watch.save(update_fields=["heartbeat_at", "accepted_clock_at"])


def is_time_to_sweep(*, now: datetime) -> bool:
    """True for one sender a minute."""
    due = OutboxWatch.objects.filter(Q(swept_at__lt=now - SWEEP) | Q(swept_at__gt=now + CLOCK_SLACK))
    return bool(due.update(swept_at=now))


def _hold(watch: OutboxWatch, *, now: datetime, was_away: bool) -> None:
    waiting = Delivery.objects.filter(state=DeliveryState.QUEUED, contact=None)
    old = waiting.filter(next_attempt_at__lt=now - OLD)
    reason = "a notice was due for over six hours"
    if was_away:
        old = waiting.exclude(notice__created_at__range=(now - FRESH, now + CLOCK_SLACK))
        reason = f"no sender was at work since {watch.heartbeat_at:%Y-%m-%d %H:%M} UTC"
    if _was_put_back(watch, now=now):
        old, reason = waiting, "the clock was put back"
    held = Delivery.objects.filter(pk__in=old.values("pk")).update(state=DeliveryState.HELD)
    if held:
        followers = Delivery.objects.filter(
            thread=OuterRef("thread"), subscriber=OuterRef("subscriber"), state=DeliveryState.HELD
        ).filter(sequence__lt=OuterRef("sequence"))
        held += waiting.filter(Exists(followers)).update(state=DeliveryState.HELD)
        log.error("%d old notices are held, since %s: send or expire them in the console", held, reason)


def _was_put_back(watch: OutboxWatch, *, now: datetime) -> bool:
    """Whether something was sent later than now. Once told, the same instant is not told again."""
    newest = Delivery.objects.order_by("-pk").values("sent_at")[:NEWEST_ROWS]
    sent_at = newest.aggregate(last=Max("sent_at"))["last"]
    latest = max(filter(None, (watch.heartbeat_at, sent_at)))
    if latest <= max(now + CLOCK_SLACK, watch.accepted_clock_at or now):
        return False
    watch.accepted_clock_at = latest
    return True
