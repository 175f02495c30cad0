"""Charts of what monitors measured, for a service's page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from incidents.lib.calendars import RESTS
from incidents.lib.days import HOUR, hour_start
from incidents.lib.spans import second_of
from incidents.queries.charts import Charted, Point, points_by_day, points_by_hour
from incidents.snapshots.charts import Chart, draw, unusual_stretches
from incidents.snapshots.site import BAR_DAYS, Site

HOURS = 7 * 24
DAYS_TOLD = 7
TOLD = 3


@dataclass(frozen=True)
class ChartView:
    """`middle` is the median of what was drawn, `slow` the highest 95th percentile; `days` come newest first.

    `unusual`: when a count was not as usual, from and until, the last few of these; `holidays` in what was drawn.
    """

    monitor: Charted
    by_hour: bool
    drawing: Chart
    first: date
    last: date
    middle: float
    slow: float
    newest: Point
    days: tuple[tuple[date, Point], ...]
    unusual: tuple[tuple[datetime, datetime], ...]
    holidays: tuple[date, ...]


def charts_of(site: Site, service_id: int) -> list[ChartView]:
    """Of the monitors that may be shown to the public."""
    monitors = site.charted.get(service_id, [])
    return draw_charts(monitors, now=site.now, zone=site.page.zone)


def draw_charts(monitors: Sequence[Charted], *, now: datetime, zone: ZoneInfo) -> list[ChartView]:
    """Two of each that has measured something: a week by hours, 90 days by days."""
    if not monitors:
        return []
    ids, today = [monitor.id for monitor in monitors], now.astimezone(zone).date()
    first = today - timedelta(days=BAR_DAYS - 1)
    begins = hour_start(second_of(now), zone) - (HOURS - 1) * HOUR
    by_hour, by_day = points_by_hour(ids, since=begins), points_by_day(ids, since=first)
    return [
        chart
        for monitor in monitors
        for chart in (
            _by_hours(monitor, by_hour[monitor.id], by_day[monitor.id], begins=begins, zone=zone),
            _by_days(monitor, by_day[monitor.id], first=first, today=today),
        )
        if chart
    ]


def _by_hours(
    monitor: Charted,
    points: Mapping[int, Point],
    by_day: Mapping[date, Point],
    *,
    begins: int,
    zone: ZoneInfo,
) -> ChartView | None:
    hours = [datetime.fromtimestamp(begins + number * HOUR, zone) for number in range(HOURS)]
    by_slot = {(at - begins) // HOUR: point for at, point in points.items()}
    holidays = _holidays(monitor, [hour.date() for hour in hours])
    unusual = unusual_stretches(by_slot) if monitor.is_count else ()
    if not by_slot:
        return None
    return ChartView(
        by_hour=True,
        drawing=draw(by_slot, slots=HOURS, is_count=monitor.is_count, holidays=holidays),
        first=hours[0].date(),
        last=hours[-1].date(),
        days=tuple(sorted(by_day.items(), reverse=True)[:DAYS_TOLD]),
        unusual=tuple((hours[one[0][0]], hours[one[-1][0]] + timedelta(hours=1)) for one in unusual)[-TOLD:],
        **_told(monitor, by_slot, holidays),
    )


def _by_days(monitor: Charted, points: Mapping[date, Point], *, first: date, today: date) -> ChartView | None:
    by_slot = {(day - first).days: point for day, point in points.items()}
    holidays = _holidays(monitor, [first + timedelta(days=number) for number in range(BAR_DAYS)])
    if not by_slot:
        return None
    return ChartView(
        by_hour=False,
        drawing=draw(by_slot, slots=BAR_DAYS, is_count=monitor.is_count, holidays=holidays),
        first=first,
        last=today,
        days=(),
        unusual=(),
        **_told(monitor, by_slot, holidays),
    )


def _told(monitor: Charted, points: Mapping[int, Point], holidays: Mapping[int, date]) -> dict[str, Any]:
    return {
        "monitor": monitor,
        "middle": median(point.median for point in points.values()),
        "slow": max(point.slow for point in points.values()),
        "newest": points[max(points)],
        "holidays": tuple(dict.fromkeys(holidays.values())),
    }


def _holidays(monitor: Charted, days: Sequence[date]) -> dict[int, date]:
    """By the slot that lies on them."""
    kinds = monitor.calendar.kind
    return {slot: day for slot, day in enumerate(days) if kinds(day.toordinal()) in RESTS}
