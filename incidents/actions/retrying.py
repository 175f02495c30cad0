"""Sending again what a mail server refused, or what could not be written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from incidents.actions import audit
from incidents.lib.errors import Refused
from incidents.lib.wake import wake
from incidents.models import (
    UPDATE_LIFE,
    Channel,
    Delivery,
    DeliveryState,
    Notice,
    Staff,
    SubscriberState,
)
from incidents.notices import throttle
from incidents.notices.render import TOLD_TO_MANY
from incidents.queries.suppressions import suppressed_among

SENDING = "incidents.tasks.deliver_notices"
RETRYABLE = (DeliveryState.FAILED, DeliveryState.PARKED)
CHUNK = 1_000


@dataclass(frozen=True)
class Retried:
    """How many are sent again, and how many are not: their readers left or may not be written to (`gone`), or
    have a later one of the same incident already (`overtaken`)."""

    queued: int
    gone: int
    overtaken: int


@transaction.atomic
def retry_failed(
    notice: Notice, *, fresh_life: bool = False, actor: Staff | None = None, actor_name: str = ""
) -> Retried:
    """Queues the failed and parked ones again, within the notice's life or, past it, with a fresh one.

    Refused where there is nothing to send again.
    """
    now = timezone.now()
    lost = Delivery.objects.filter(notice=notice, state__in=RETRYABLE)
    count = lost.count()
    _check(notice, count, fresh_life=fresh_life, now=now)
    expires_at = notice.expires_at if notice.expires_at > now else now + UPDATE_LIFE
    in_order = lost.exclude(_has_later(notice))
    overtaken = count - in_order.count()
    queued = sum(
        _queue(chunk, now=now, expires_at=expires_at) for chunk in _chunks(_reachable(in_order, now))
    )
    if not queued:
        raise Refused("all of them have left, may not be written to or know a later update already")
    retried = Retried(queued=queued, gone=count - overtaken - queued, overtaken=overtaken)
    audit.record("retry_failed_mails", notice, actor=actor, actor_name=actor_name, after=vars(retried).copy())
    transaction.on_commit(lambda: wake(SENDING), robust=True)
    return retried


def _check(notice: Notice, count: int, *, fresh_life: bool, now: datetime) -> None:
    if notice.kind not in TOLD_TO_MANY:
        raise Refused("a mail to one person is asked for again by that person")
    if not count:
        raise Refused("nothing of this notice has failed")
    if notice.expires_at <= now and not fresh_life:
        raise Refused("this notice is past its life: say that it is still worth sending", field="fresh_life")


def _has_later(notice: Notice) -> Exists:
    """Nobody gets an older update after a newer one."""
    later = Delivery.objects.filter(
        subscriber=OuterRef("subscriber"),
        channel=OuterRef("channel"),
        thread=notice.thread,
        sequence__gt=notice.sequence,
        state=DeliveryState.SENT,
    )
    return Exists(later)


def _reachable(lost: QuerySet[Delivery], now: datetime) -> QuerySet[Delivery]:
    is_paused = Q(subscriber__paused_until__gt=now)
    return lost.filter(subscriber__state=SubscriberState.ACTIVE).exclude(is_paused)


def _chunks(lost: QuerySet[Delivery]) -> Iterator[list[int]]:
    """By id, without those whose address is suppressed."""
    rows = iter(list(lost.order_by("pk").values_list("pk", "channel", "subscriber__email")))
    while chunk := list(islice(rows, CHUNK)):
        suppressed = suppressed_among([email for _, channel, email in chunk if channel == Channel.EMAIL])
        yield [pk for pk, channel, email in chunk if channel != Channel.EMAIL or email not in suppressed]


def _queue(ids: list[int], *, now: datetime, expires_at: datetime) -> int:
    """As if never tried; what the server said stays until it says something else."""
    lost = Delivery.objects.filter(pk__in=ids, state__in=RETRYABLE)
    throttle.find_lanes(lost, now=now)
    return lost.update(
        state=DeliveryState.QUEUED, attempts=0, crashes=0, next_attempt_at=now, expires_at=expires_at
    )
