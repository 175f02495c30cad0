"""Charts of what monitors measured, for a service's page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median

from incidents.lib.days import HOUR, hour_start
from incidents.lib.spans import second_of
from incidents.queries.charts import Charted, Point, points_by_day, points_by_hour
from incidents.snapshots.charts import Chart, draw
from incidents.snapshots.site import BAR_DAYS, Site

HOURS = 7 * 24
DAYS_TOLD = 7


@dataclass(frozen=True)
class ChartView:
    """`middle` is the median of what was drawn, `slow` the highest 95th percentile; `days` come newest first."""

    monitor: Charted
    by_hour: bool
    drawing: Chart
    first: date
    last: date
    middle: float
    slow: float
    newest: Point
    days: tuple[tuple[date, Point], ...]


def charts_of(site: Site, service_id: int) -> list[ChartView]:
    """Two of each monitor that may be shown and has measured something: a week by hours, 90 days by days."""
    monitors = site.charted.get(service_id, [])
    if not monitors:
        return []
    ids, calendar = [monitor.id for monitor in monitors], site.recent_pasts[service_id].calendar
    begins = hour_start(second_of(site.now), site.page.zone) - (HOURS - 1) * HOUR
    by_hour = points_by_hour(ids, since=begins)
    by_day = points_by_day(ids, since=calendar.first)
    return [
        chart
        for monitor in monitors
        for chart in _charts(
            monitor,
            hours={(at - begins) // HOUR: point for at, point in by_hour[monitor.id].items()},
            days=by_day[monitor.id],
            site=site,
            first=calendar.first,
        )
    ]


def _charts(
    monitor: Charted, *, hours: Mapping[int, Point], days: Mapping[date, Point], site: Site, first: date
) -> Iterator[ChartView]:
    today = site.now.astimezone(site.page.zone).date()
    told = tuple(sorted(days.items(), reverse=True)[:DAYS_TOLD])
    by_slot = {(day - first).days: point for day, point in days.items()}
    for points, slots, since in ((hours, HOURS, _days_before(today, 7)), (by_slot, BAR_DAYS, first)):
        if points:
            yield ChartView(
                monitor=monitor,
                by_hour=points is hours,
                drawing=draw(points, slots=slots, is_count=monitor.is_count),
                first=since,
                last=today,
                middle=median(point.median for point in points.values()),
                slow=max(point.slow for point in points.values()),
                newest=points[max(points)],
                days=told if points is hours else (),
            )


def _days_before(day: date, number: int) -> date:
    return date.fromordinal(day.toordinal() - number)
