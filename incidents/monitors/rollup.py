"""Rolls up what monitors saw, as far as it is not yet: hours from results, days from hours.

Every stretch is made anew as a whole and takes the place of what was kept, so that a pass may run twice, be
killed, or meet results that came late.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import DataError, IntegrityError, transaction

from incidents.actions.rollup import HOURS_KEPT, keep_days, keep_hours, note_rolled
from incidents.lib import times
from incidents.lib.days import HOUR, day_of, day_starts, days_between, hour_start, hours_of
from incidents.lib.freshness import patience
from incidents.lib.spans import Span, clip, highest, merge, second_of, shared
from incidents.models import RANK, Monitor, MonitorDay, MonitorHour, MonitorKind, ServiceDay, ServiceStatus
from incidents.monitors.agreement import majority
from incidents.monitors.checkers.baseline import DEFAULT_POLICY
from incidents.monitors.hours import Usual, covered_by, roll_day, roll_hours, service_seconds
from incidents.monitors.probes import rhythm_of
from incidents.monitors.series import Series
from incidents.monitors.special import forecast
from incidents.queries.rollup import (
    Came,
    Failure,
    failures_between,
    hours_between,
    lock_monitors_of,
    results_between,
    services_to_roll_up,
    values_between,
)

SERVICES_AT_ONCE = 20
# So much of the past in one transaction; more is made up in several.
MOST_AT_ONCE = timedelta(days=2)
PASS_SECONDS = 20
"""Other jobs wait for it; what is not done goes on with the next pass."""

log = logging.getLogger(__name__)


def roll_up_due(*, seconds: float = PASS_SECONDS) -> None:
    """Brings the roll-ups up to the present; begins no other services after `seconds`."""
    until, ends_at = times.now(), time.monotonic() + seconds
    ids = services_to_roll_up(until=until)
    for place in range(0, len(ids), SERVICES_AT_ONCE):
        if time.monotonic() > ends_at:
            return
        _bring_up(ids[place : place + SERVICES_AT_ONCE], until=until)


def _bring_up(service_ids: Sequence[int], *, until: datetime) -> None:
    """One service that cannot be rolled up keeps no other from it."""
    try:
        while _roll_up(service_ids, until=until):
            pass
    except (LookupError, TypeError, ValueError, DataError, IntegrityError):
        if len(service_ids) == 1:
            log.exception("what the monitors of service %s saw cannot be rolled up", service_ids[0])
            return
        for service_id in service_ids:
            _bring_up([service_id], until=until)


@transaction.atomic
def _roll_up(service_ids: Sequence[int], *, until: datetime) -> bool:
    """Goes on from where the furthest behind of the services' monitors is; answers whether more is to do."""
    monitors = lock_monitors_of(service_ids)
    reached = {monitor.pk: max(monitor.rolled_until, until - HOURS_KEPT) for monitor in monitors}
    begins_at = min(reached.values(), default=until)
    ends_at = min(until, begins_at + MOST_AT_ONCE)
    behind = [monitor for monitor in monitors if reached[monitor.pk] < ends_at]
    if not behind:
        return False
    concerned = {monitor.service_id for monitor in behind}
    for zone, members in _by_zone(m for m in monitors if m.service_id in concerned).items():
        span = (day_starts(day_of(second_of(begins_at), zone), days=1, zone=zone)[0], second_of(ends_at))
        failures = failures_between(members, *span)
        late = [monitor for monitor in members if reached[monitor.pk] < ends_at]
        begin = {monitor.pk: hour_start(second_of(reached[monitor.pk]), zone) for monitor in late}
        _roll_up_hours(late, begin, failures, span=span, zone=zone)
        _roll_up_days(members, failures, span=span, zone=zone)
    note_rolled([monitor.pk for monitor in behind], until=ends_at)
    return ends_at < until


def _by_zone(monitors: Iterable[Monitor]) -> Mapping[ZoneInfo, list[Monitor]]:
    zones: dict[ZoneInfo, list[Monitor]] = defaultdict(list)
    for monitor in monitors:
        zones[monitor.service.page.zone].append(monitor)
    return zones


def _roll_up_hours(
    monitors: Sequence[Monitor],
    begin: Mapping[int, int],
    failures: Mapping[int, list[Failure]],
    *,
    span: Span,
    zone: ZoneInfo,
) -> None:
    """The hours of each monitor from its own instant on."""
    came = _came(monitors, begin, until=span[1])
    days = days_between(span, zone)
    rows: list[MonitorHour] = []
    for monitor in monitors:
        window = (begin[monitor.pk], span[1])
        hours = [hour for day in days for hour in hours_of(day) if window[0] <= hour[0] < window[1]]
        failed = failures.get(monitor.pk, ())
        rolled = roll_hours(
            came[monitor.pk],
            hours,
            covered=clip(_covered(monitor, came[monitor.pk]), window),
            failing=clip(merge(_spans(failed, until=span[1], apart=False)), window),
            apart=clip(merge(_spans(failed, until=span[1], apart=True)), window),
            usual=_usual_of(monitor),
        )
        rows += [MonitorHour(monitor=monitor, at=_instant(at), **vars(figures)) for at, figures in rolled]
    anew_from = {pk: _instant(second) for pk, second in begin.items()}
    keep_hours(rows, anew_from=anew_from, until=_instant(span[1]))


def _came(
    monitors: Iterable[Monitor], begin: Mapping[int, int], *, until: int
) -> Mapping[int, Sequence[Came]]:
    """With what came before and is still believed, and what came after and counts what was before."""
    alike: dict[tuple[bool, int], list[Monitor]] = defaultdict(list)
    for monitor in monitors:
        alike[monitor.kind == MonitorKind.BASELINE, monitor.interval_seconds].append(monitor)
    came: dict[int, Sequence[Came]] = defaultdict(list)
    for (is_count, _), members in alike.items():
        half, believed = _counted(members[0]), _believed(members[0])
        begins = min(begin[monitor.pk] for monitor in members) - believed
        if is_count:
            came |= values_between(members, begins, until + half, stamped_after=half)
        else:
            came |= results_between(members, begins, until)
    return came


def _counted(monitor: Monitor) -> int:
    """Half the time that a value counts: it is told of the middle. A check tells of its own instant."""
    return monitor.interval_seconds // 2 if monitor.kind == MonitorKind.BASELINE else 0


def _believed(monitor: Monitor) -> int:
    return _counted(monitor) + int(patience(monitor.interval_seconds).total_seconds())


def _covered(monitor: Monitor, came: Iterable[Came]) -> list[Span]:
    """While a count is being learnt nothing is judged, and nothing vouched for. Nor is where too few locations
    told anything."""
    covered = _covered_by_most(monitor, came)
    if monitor.kind != MonitorKind.BASELINE or not covered:
        return covered
    first_at = monitor.state.get("first_at")
    if first_at is None:
        return []
    learnt_at = datetime.fromisoformat(first_at) + timedelta(days=DEFAULT_POLICY.days_to_learn)
    return clip(covered, (second_of(learnt_at), covered[-1][1]))


def _covered_by_most(monitor: Monitor, came: Iterable[Came]) -> list[Span]:
    by_location: dict[str, list[Came]] = defaultdict(list)
    for one in came:
        by_location[one.location].append(one)
    coverings = [
        covered_by(of_one, counted=_counted(monitor), believed=_believed(monitor))
        for of_one in by_location.values()
    ]
    return shared(coverings, by=majority(len(monitor.watches.all())))


def _spans(failures: Iterable[Failure], *, until: int, apart: bool) -> Iterator[Span]:
    """Of failures that are put down to maintenance, or of the others."""
    for one in failures:
        if (one.status == ServiceStatus.MAINTENANCE) == apart:
            yield one.start, until if one.end is None else one.end


def _usual_of(monitor: Monitor) -> Usual:
    """What passes as usual in the hour that begins at a second, by what is learnt now."""
    if monitor.kind != MonitorKind.BASELINE:
        return lambda _: None
    series, rhythm = Series.from_json(monitor.state), rhythm_of(monitor)
    if series.rhythm != rhythm.key:
        return lambda _: None

    def band(second: int) -> tuple[float, float] | None:
        place = rhythm.place_at(_instant(second + HOUR // 2))
        expected = forecast(series.usual, series.special, place, rhythm=rhythm)
        if expected is None:
            return None
        return expected.band_of_part(DEFAULT_POLICY.band_spreads, parts=rhythm.parts)

    return band


def _roll_up_days(
    monitors: Sequence[Monitor], failures: Mapping[int, list[Failure]], *, span: Span, zone: ZoneInfo
) -> None:
    """The days that the span touches, of monitors that are all there are of their services."""
    days = days_between(span, zone)
    kept: dict[int, list[MonitorHour]] = defaultdict(list)
    for hour in hours_between(monitors, days[0][0], days[-1][1]):
        kept[hour.monitor_id].append(hour)
    watching: dict[int, list[Monitor]] = defaultdict(list)
    for monitor in monitors:
        watching[monitor.service_id].append(monitor)
    monitor_days: list[MonitorDay] = []
    service_days: list[ServiceDay] = []
    for day in days:
        for service_id, members in watching.items():
            hours = {m.pk: [h for h in kept[m.pk] if day[0] <= h.at.timestamp() < day[1]] for m in members}
            monitor_days += _monitor_days(hours, day, zone)
            failed = [one for m in members for one in failures.get(m.pk, ())]
            service_days += _service_day(service_id, hours, failed, day=day, until=span[1], zone=zone)
    ends = (day_of(days[0][0], zone), day_of(days[-1][0], zone))
    keep_days(monitor_days, service_days, of=monitors, days=ends)


def _monitor_days(
    hours: Mapping[int, Sequence[MonitorHour]], day: Span, zone: ZoneInfo
) -> Iterator[MonitorDay]:
    for monitor_id, seen in hours.items():
        if seen:
            yield MonitorDay(monitor_id=monitor_id, day=day_of(day[0], zone), **vars(roll_day(seen)))


def _service_day(
    service_id: int,
    hours: Mapping[int, Sequence[MonitorHour]],
    failures: Iterable[Failure],
    *,
    day: Span,
    until: int,
    zone: ZoneInfo,
) -> Iterator[ServiceDay]:
    ranked = [
        (one.start, until if one.end is None else one.end, RANK.index(ServiceStatus(one.status)))
        for one in failures
    ]
    seen: dict[int, int] = defaultdict(int)
    for hour in (hour for members in hours.values() for hour in members):
        at = second_of(hour.at)
        seen[at] = max(seen[at], hour.up + hour.failing)
    up, by_rank = service_seconds((day[0], min(day[1], until)), failing=highest(ranked), seen=seen)
    if up or by_rank:
        failing = {RANK[rank].value: seconds for rank, seconds in by_rank.items()}
        yield ServiceDay(
            service_id=service_id, day=day_of(day[0], zone), seconds=day[1] - day[0], up=up, **failing
        )


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
