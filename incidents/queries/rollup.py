"""What a roll-up is made from: results and values as they came, failures as they were judged."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import Min, Q

from incidents.models import (
    CheckResult,
    Monitor,
    MonitorHour,
    Observation,
    Service,
    ServiceStatus,
    Signal,
)
from incidents.queries.epoch import Second


class Came(NamedTuple):
    """A result or a value, at a second since 1970; `measure` is in milliseconds or whatever is counted.

    A value is told of the middle of the time it counts, so that one pushed a little early or late stays in
    its hour.
    """

    at: int
    ok: bool
    measure: float | None
    location: str = ""


class Failure(NamedTuple):
    """A stretch of failing verdicts; `end` None while it lasts. Its status is maintenance where planned work ran
    that it is put down to."""

    start: int
    end: int | None
    status: str


def services_to_roll_up(*, until: datetime) -> list[int]:
    """Ids of services with a monitor whose roll-ups do not reach `until`, the furthest behind first."""
    behind = Service.objects.annotate(reaches=Min("monitors__rolled_until")).filter(reaches__lt=until)
    return list(behind.order_by("reaches", "pk").values_list("pk", flat=True))


def lock_monitors_of(service_ids: Sequence[int]) -> list[Monitor]:
    """All monitors of the services, with service and page, their rows held to the end of the transaction."""
    held = Monitor.objects.select_for_update(of=("self",)).filter(service__in=service_ids)
    return list(held.select_related("service__page").order_by("pk").prefetch_related("watches"))


def results_between(monitors: Iterable[Monitor], start: int, end: int) -> dict[int, list[Came]]:
    """The check results of each monitor from `start` on and before `end`, oldest first."""
    came: dict[int, list[Came]] = defaultdict(list)
    rows = CheckResult.objects.filter(
        monitor__in=[m.pk for m in monitors], at__gte=_instant(start), at__lt=_instant(end)
    )
    read = rows.order_by("monitor_id", "at").values_list(
        "monitor_id", Second("at"), "ok", "latency_ms", "location"
    )
    for monitor_id, at, ok, latency_ms, location in read:
        came[monitor_id].append(Came(at, ok, latency_ms if ok else None, location))
    return came


def values_between(
    monitors: Iterable[Monitor], start: int, end: int, *, stamped_after: int
) -> dict[int, list[Came]]:
    """The same of values pushed; their stamps lie `stamped_after` seconds after what they are told of."""
    came: dict[int, list[Came]] = defaultdict(list)
    rows = Observation.objects.filter(
        monitor__in=[m.pk for m in monitors],
        at__gte=_instant(start + stamped_after),
        at__lt=_instant(end + stamped_after),
    )
    read = rows.order_by("monitor_id", "at").values_list("monitor_id", Second("at"), "value")
    for monitor_id, at, value in read:
        came[monitor_id].append(Came(at - stamped_after, True, value))
    return came


def failures_between(monitors: Iterable[Monitor], start: int, end: int) -> dict[int, list[Failure]]:
    """What was judged a failure of each monitor, wherever it touches the stretch."""
    touching = Q(started_at__lt=_instant(end)) & (Q(ended_at=None) | Q(ended_at__gt=_instant(start)))
    failures: dict[int, list[Failure]] = defaultdict(list)
    signals = Signal.objects.filter(touching, monitor__in=[m.pk for m in monitors])
    read = signals.values_list(
        "monitor_id", Second("started_at"), Second("ended_at"), "status", "maintenance"
    )
    for monitor_id, start, end, status, maintenance in read:
        failure = Failure(start, end, status if maintenance is None else ServiceStatus.MAINTENANCE)
        failures[monitor_id].append(failure)
    return failures


def hours_between(monitors: Iterable[Monitor], start: int, end: int) -> list[MonitorHour]:
    rows = MonitorHour.objects.filter(
        monitor__in=[m.pk for m in monitors], at__gte=_instant(start), at__lt=_instant(end)
    )
    return list(rows.order_by("monitor_id", "at"))


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
