"""What monitors measured, as far as it is shown to the public."""

from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.db.models import QuerySet

from incidents.lib.calendars import Calendar, read_calendar
from incidents.lib.errors import Refused
from incidents.models import Monitor, MonitorDay, MonitorHour, MonitorKind, Service
from incidents.queries.epoch import Second

UNCHARTED = (MonitorKind.HEARTBEAT, MonitorKind.SPF, MonitorKind.UPSTREAM)
NO_CALENDAR = Calendar()


class Charted(NamedTuple):
    """A monitor whose figures are shown: milliseconds of its checks, or the values pushed to it.

    `calendar`: the days that a count is not expected to be as usual.
    """

    id: int
    name: str
    is_count: bool
    calendar: Calendar = NO_CALENDAR


class Point(NamedTuple):
    """The figures of an hour or a day; the usual band where the values have one; `failing` in seconds."""

    least: float
    median: float
    slow: float
    most: float
    usual_low: float | None = None
    usual_high: float | None = None
    failing: int = 0


_FIELDS = ("least", "median", "slow", "most", "usual_low", "usual_high", "failing")


def charted_monitors(services: QuerySet[Service]) -> dict[int, list[Charted]]:
    """By the service; without kinds that measure nothing."""
    found: dict[int, list[Charted]] = defaultdict(list)
    rows = Monitor.objects.filter(service__in=services, is_charted=True).exclude(kind__in=UNCHARTED)
    for monitor in rows.order_by("pk").select_related("service__page").defer("state"):
        found[monitor.service_id].append(charted(monitor))
    return found


def charted(monitor: Monitor) -> Charted:
    """Its service and page are at hand."""
    if monitor.kind != MonitorKind.BASELINE:
        return Charted(monitor.pk, monitor.name, is_count=False)
    with suppress(Refused):
        calendar = read_calendar(monitor.settings, zone=monitor.service.page.time_zone)
        return Charted(monitor.pk, monitor.name, is_count=True, calendar=calendar)
    return Charted(monitor.pk, monitor.name, is_count=True)


def points_by_hour(monitor_ids: Collection[int], *, since: int) -> dict[int, dict[int, Point]]:
    """By the monitor and the second that the hour begins with."""
    found: dict[int, dict[int, Point]] = defaultdict(dict)
    rows = MonitorHour.objects.filter(
        monitor__in=monitor_ids, at__gte=datetime.fromtimestamp(since, UTC), measured__gt=0
    )
    for monitor_id, at, *figures in rows.order_by("at").values_list("monitor_id", Second("at"), *_FIELDS):
        found[monitor_id][at] = Point(*figures)
    return found


def points_by_day(monitor_ids: Collection[int], *, since: date) -> dict[int, dict[date, Point]]:
    found: dict[int, dict[date, Point]] = defaultdict(dict)
    rows = MonitorDay.objects.filter(monitor__in=monitor_ids, day__gte=since, measured__gt=0)
    for monitor_id, day, *figures in rows.order_by("day").values_list("monitor_id", "day", *_FIELDS):
        found[monitor_id][day] = Point(*figures)
    return found
