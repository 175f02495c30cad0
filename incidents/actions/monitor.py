"""The life of a monitor: made, fed, judged, paused, parked. Its checks are claimed in `actions/checks.py`."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents.actions import audit, wording
from incidents.actions.detection import Judged, take_failure, take_recovery
from incidents.actions.revision import touch_page
from incidents.actions.rollup import reopen
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.tokens import hash_secret, new_secret
from incidents.models import (
    FAILING,
    MAIN_LOCATION,
    AuditEntry,
    CheckResult,
    Monitor,
    MonitorKind,
    Observation,
    Service,
    ServiceStatus,
    Staff,
    Verdict,
    Watch,
)
from incidents.queries.maintenance import services_under_maintenance
from incidents.queries.monitor import lock_monitor

RETENTION = timedelta(days=400)
CLOCK_TOLERANCE = timedelta(minutes=5)
SHORTEST_INTERVAL_SECONDS = 10
# What is reported to us, in part at least, is judged in one place.
CHECKED_FROM_MAIN = (
    *(MonitorKind.HEARTBEAT, MonitorKind.MAIL_ROUND_TRIP, MonitorKind.BASELINE),
    *(MonitorKind.SPF, MonitorKind.UPSTREAM),
)


CHECKED_AT_ONCE = ("create_monitor", "edit_monitor", "set_monitor_enabled")
CHECKS_A_MINUTE = 60
"""That one person may have made at once: monitors are no port scanner."""


def check_pace(actor: Staff | None) -> None:
    if actor is None:
        return
    minute = times.now() - timedelta(minutes=1)
    made = AuditEntry.objects.filter(actor=actor, action__in=CHECKED_AT_ONCE, at__gt=minute)
    if made.count() >= CHECKS_A_MINUTE:
        raise Refused("you changed monitors too often just now: try again in a minute")


@transaction.atomic
def create_monitor(
    service: Service,
    *,
    kind: str,
    name: str,
    target: str = "",
    settings: dict[str, Any] | None = None,
    interval_seconds: int = 60,
    status_when_failing: str = ServiceStatus.MAJOR_OUTAGE,
    enabled: bool = True,
    is_charted: bool = False,
    locations: Sequence[str] = (MAIN_LOCATION,),
    locations_to_down: int | None = None,
    actor: Staff | None = None,
) -> tuple[Monitor, str]:
    """Answers the monitor and, once, the token that its pushers must send.

    It is checked from each of `locations`; what is reported to us is judged at the main one.
    """
    check_pace(actor)
    if kind not in MonitorKind.values:
        raise Refused(f"expected one of {', '.join(MonitorKind.values)}", field="kind")
    if interval_seconds < SHORTEST_INTERVAL_SECONDS:
        raise Refused(f"expected at least {SHORTEST_INTERVAL_SECONDS} seconds", field="interval_seconds")
    if Monitor.objects.filter(service=service, name=name).exists():
        raise Refused(f"{name!r} is taken by another monitor of this service", field="name")
    if kind in CHECKED_FROM_MAIN:
        locations = (MAIN_LOCATION,)
    check_locations(locations, to_down=locations_to_down)
    token = new_secret()
    monitor = Monitor.objects.create(
        service=service,
        kind=kind,
        name=name,
        target=target,
        settings=settings or {},
        interval_seconds=interval_seconds,
        status_when_failing=status_when_failing,
        token_hash=hash_secret(token),
        enabled=enabled,
        locations_to_down=locations_to_down,
        rolled_until=times.now(),
        is_charted=is_charted,
        created_at=times.now(),
    )
    if kind != MonitorKind.BASELINE:
        due_at = timezone.now() if enabled else None
        Watch.objects.bulk_create(
            Watch(monitor=monitor, location=location, next_check_at=due_at) for location in locations
        )
    audit.record("create_monitor", monitor, actor=actor, after={"name": name, "kind": kind})
    touch_page(service.page_id)
    return monitor, token


def check_locations(locations: Sequence[str], *, to_down: int | None) -> None:
    if not locations or len(set(locations)) < len(locations):
        raise Refused("expected at least one location, and each once", field="locations")
    if to_down is not None and not 1 <= to_down <= len(locations):
        raise Refused(
            f"expected a number from 1 to that of the locations, {len(locations)}", field="locations_to_down"
        )


@transaction.atomic
def set_monitor_enabled(monitor: Monitor, enabled: bool, *, actor: Staff | None = None) -> Monitor:
    """Pauses a monitor or starts it again; a paused one neither judges nor colours its service.

    One that was paused has no verdict until its first new result: what it said before would be no news
    to the judge, and a service that is down would show as running.
    """
    check_pace(actor if enabled else None)
    monitor = lock_monitor(monitor.pk)
    monitor.enabled = enabled
    monitor.parked_reason = ""
    if not enabled:
        forget_verdict(monitor)
        if monitor.kind == MonitorKind.HEARTBEAT:
            monitor.state = {}  # pings that could not be taken during the pause are not missed
    monitor.save()
    _check_from(monitor, timezone.now() if enabled else None)
    audit.record("set_monitor_enabled", monitor, actor=actor, after={"enabled": enabled})
    touch_page(monitor.service.page_id)
    return monitor


@transaction.atomic
def set_monitor_charted(monitor: Monitor, charted: bool, *, actor: Staff | None = None) -> None:
    """Shows a chart of what the monitor measures on its service's public page, under its name, or no more."""
    Monitor.objects.filter(pk=monitor.pk).update(is_charted=charted)
    audit.record("set_monitor_charted", monitor, actor=actor, after={"charted": charted})
    touch_page(monitor.service.page_id)


def forget_verdict(monitor: Monitor) -> None:
    """A baseline keeps what it has learnt, a heartbeat its pings: a job that is late is late by them."""
    monitor.signals.filter(ended_at=None).update(ended_at=times.now())
    monitor.verdict, monitor.verdict_at, monitor.last_result_at = Verdict.UNKNOWN, times.now(), None
    if monitor.kind not in (MonitorKind.BASELINE, MonitorKind.HEARTBEAT):
        monitor.state = {}
    monitor.watches.update(state={}, verdict=Verdict.UNKNOWN, last_result_at=None, believed_until=None)


def _check_from(monitor: Monitor, at: datetime | None) -> None:
    """From all its locations; None: not any more. Who is checking it now is not heard."""
    monitor.watches.update(next_check_at=at, lease_owner="", lease_until=None, tries=0, last_error="")


@transaction.atomic
def judge_anew(service_ids: Iterable[int]) -> None:
    """Once a maintenance of the services is over: monitors whose failure was kept apart have no verdict until
    their next result, as after a pause. Where another maintenance still runs they wait for its end.

    Their rows are held before it is asked what runs, so that a failure that is being taken, or another end,
    comes wholly before or wholly after.
    """
    ids = set(service_ids)
    concerned = Monitor.objects.filter(service_id__in=ids).order_by("pk").values_list("pk", flat=True)
    held = [lock_monitor(pk) for pk in concerned]
    still = services_under_maintenance(ids)
    for monitor in held:
        kept_apart = monitor.signals.filter(ended_at=None, maintenance__isnull=False)
        if monitor.service_id not in still and kept_apart.exists():
            forget_verdict(monitor)
            monitor.save()
            _check_from(monitor, timezone.now())


def check_points(points: Sequence[tuple[datetime, float]]) -> None:
    """Refuses a batch that holds anything but finite values at believable instants, naming the point."""
    now = times.now()
    if not points:
        raise Refused("expected at least one observation", field="observations")
    for index, (at, value) in enumerate(points):
        if not math.isfinite(value):
            raise Refused("expected a finite number", field=f"observations[{index}].value")
        if at > now + CLOCK_TOLERANCE:
            raise Refused("the instant lies in the future", field=f"observations[{index}].at")
        if at < now - RETENTION:
            raise Refused(
                f"the instant is older than {RETENTION.days} days", field=f"observations[{index}].at"
            )


@transaction.atomic
def record_observations(monitor: Monitor, points: Sequence[tuple[datetime, float]]) -> None:
    """Keeps a batch, all or nothing; a value sent again for an instant replaces the earlier one.

    The caller holds the monitor's row.
    """
    check_points(points)
    now = times.now()
    rows = {at: Observation(monitor=monitor, at=at, value=value, received_at=now) for at, value in points}
    Observation.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["monitor", "at"],
        update_fields=["value", "received_at"],
    )
    reopen(monitor, min(rows) - timedelta(seconds=monitor.interval_seconds))


def schedule_watch(watch: Watch, *, at: datetime) -> None:
    """Frees a watch until its next check; the caller holds its row."""
    watch.next_check_at = at
    watch.lease_owner, watch.lease_until = "", None
    watch.tries, watch.last_error = 0, ""
    watch.save()


def set_locations(monitor: Monitor, locations: Sequence[str], *, to_down: int | None) -> bool:
    """Whether the monitor is checked from other places now; the caller holds its row. What those that are left out
    have seen stays."""
    check_locations(locations, to_down=to_down)
    before = set(monitor.watches.values_list("location", flat=True))
    monitor.watches.exclude(location__in=locations).delete()
    new = [place for place in locations if place not in before]
    Watch.objects.bulk_create(Watch(monitor=monitor, location=place) for place in new)
    changed = before != set(locations) or monitor.locations_to_down != to_down
    monitor.locations_to_down = to_down
    return changed


def check_soon(monitor: Monitor) -> None:
    """Lets the next check come at once, unless the monitor is paused; the caller holds its row. One that is being
    made is not heard: it asked what was to be asked before.
    """
    _check_from(monitor, timezone.now() if monitor.enabled else None)


def record_result(
    monitor: Monitor,
    *,
    at: datetime,
    ok: bool,
    latency_ms: float | None,
    detail: str,
    location: str = MAIN_LOCATION,
) -> None:
    """Keeps one check result, as `record_results` does."""
    result = CheckResult(
        monitor=monitor, location=location, at=at, ok=ok, latency_ms=latency_ms, detail=detail[:300]
    )
    record_results(monitor, [result])


def record_results(monitor: Monitor, results: Sequence[CheckResult]) -> None:
    """Keeps check results; a second one of the same instant is the same result. Not empty.

    The caller holds the monitor's row.
    """
    CheckResult.objects.bulk_create(results, ignore_conflicts=True, batch_size=1000)
    reopen(monitor, min(result.at for result in results))


def save_state(monitor: Monitor, state: dict[str, Any]) -> None:
    """Keeps what a checker remembers between two results; the caller holds the monitor's row."""
    monitor.state = state
    monitor.save(update_fields=["state"])


@transaction.atomic
def park_monitor(monitor: Monitor, *, reason: str) -> None:
    """Takes a monitor that cannot work out of the way of the others; staff see why."""
    Monitor.objects.filter(pk=monitor.pk).update(enabled=False, parked_reason=reason[:300])
    _check_from(monitor, None)
    audit.record("park_monitor", monitor, after={"reason": reason})
    touch_page(monitor.service.page_id)


@transaction.atomic
def apply_judgement(monitor: Monitor, judged: Judged) -> None:
    """Saves what the judge said and lets a changed verdict have its consequences.

    The caller holds the monitor's row (`queries.monitor.lock_monitor`) in the same transaction.
    """
    changed = monitor.verdict != judged.verdict
    monitor.state = judged.state
    monitor.last_result_at = max(filter(None, [monitor.last_result_at, judged.at]))
    if changed or monitor.verdict_at is None:
        monitor.verdict, monitor.verdict_at = judged.verdict, judged.at
    monitor.save(update_fields=["state", "last_result_at", "verdict", "verdict_at"])
    if not changed:
        return
    if judged.verdict in FAILING:
        take_failure(monitor, judged)
    elif judged.verdict == Verdict.UP:
        take_recovery(monitor)
    touch_page(monitor.service.page_id)


@transaction.atomic
def take_level(monitor: Monitor, judged: Judged, *, percent: int, actor: Staff) -> None:
    """Staff take a new level, `percent` of the former, for the usual one; what was failing by it is over.

    The caller holds the monitor's row in the same transaction.
    """
    monitor.state, monitor.verdict, monitor.verdict_at = judged.state, judged.verdict, times.now()
    monitor.save(update_fields=["state", "verdict", "verdict_at"])
    language = monitor.service.page.first_language
    take_recovery(monitor, told=wording.level_taken(monitor=monitor.name, percent=percent, language=language))
    audit.record("take_level", monitor, actor=actor, after={"percent": percent})
    touch_page(monitor.service.page_id)


@transaction.atomic
def fall_silent(monitor: Monitor, *, state: dict[str, Any]) -> None:
    """The results stopped: the verdict is unknown. What was failing before stays so until someone sees."""
    monitor.state = state
    monitor.verdict = Verdict.UNKNOWN
    monitor.verdict_at = times.now()
    monitor.save(update_fields=["state", "verdict", "verdict_at"])
    touch_page(monitor.service.page_id)
