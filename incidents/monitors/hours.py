"""What a monitor saw, hour by hour. Pure: what came and what was judged in, seconds and figures out."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from incidents.lib.days import hours_of
from incidents.lib.spans import Ranked, Span, clip, length, merge, split
from incidents.models import RANK, MonitorHour, ServiceStatus
from incidents.queries.rollup import Came

SLOW = 0.95

Band = tuple[float, float]
Usual = Callable[[int], Band | None]


@dataclass(frozen=True)
class Figures:
    """As `models.rollup.Rolled` tells."""

    up: int = 0
    failing: int = 0
    checks: int = 0
    failed: int = 0
    measured: int = 0
    least: float | None = None
    median: float | None = None
    slow: float | None = None
    most: float | None = None
    usual_low: float | None = None
    usual_high: float | None = None


def covered_by(came: Iterable[Came], *, counted: int, believed: int) -> list[Span]:
    """The time that results vouch for: the `counted` seconds before each, and as long as it is `believed`."""
    return merge((one.at - counted, one.at + believed) for one in came)


def roll_hours(
    came: Sequence[Came],
    hours: Iterable[Span],
    *,
    covered: list[Span],
    failing: list[Span],
    usual: Usual,
    apart: list[Span] | None = None,
) -> Iterator[tuple[int, Figures]]:
    """The beginning and the figures of each hour in which something was seen.

    `apart` are failures that planned work explains: neither up nor failing.
    """
    place = 0
    for hour in hours:
        while place < len(came) and came[place].at < hour[0]:
            place += 1
        first = place
        while place < len(came) and came[place].at < hour[1]:
            place += 1
        seen = _Seen(clip(covered, hour), clip(failing, hour), clip(apart or [], hour))
        figures = _roll_hour(came[first:place], seen, usual=usual(hour[0]))
        if figures.up or figures.failing or figures.checks:
            yield hour[0], figures


@dataclass(frozen=True)
class _Seen:
    """The parts of one hour."""

    covered: list[Span]
    failing: list[Span]
    apart: list[Span]

    @property
    def up(self) -> int:
        down = merge([*self.failing, *self.apart])
        return length(merge([*self.covered, *down])) - length(down)


def _roll_hour(came: Sequence[Came], seen: _Seen, *, usual: Band | None) -> Figures:
    measures = sorted(one.measure for one in came if one.measure is not None)
    low, high = (measures and usual) or (None, None)
    return Figures(
        up=seen.up,
        failing=length(seen.failing),
        checks=len(came),
        failed=sum(not one.ok for one in came),
        measured=len(measures),
        least=measures[0] if measures else None,
        median=median(measures) if measures else None,
        slow=measures[math.ceil(SLOW * len(measures)) - 1] if measures else None,
        most=measures[-1] if measures else None,
        usual_low=low,
        usual_high=high,
    )


def roll_day(hours: Sequence[Figures | MonitorHour]) -> Figures:
    """The figures of a day from those of its hours, at least one."""
    return Figures(
        up=sum(hour.up for hour in hours),
        failing=sum(hour.failing for hour in hours),
        checks=sum(hour.checks for hour in hours),
        failed=sum(hour.failed for hour in hours),
        measured=sum(hour.measured for hour in hours),
        least=min((hour.least for hour in hours if hour.least is not None), default=None),
        median=_middle(hour.median for hour in hours),
        slow=max((hour.slow for hour in hours if hour.slow is not None), default=None),
        most=max((hour.most for hour in hours if hour.most is not None), default=None),
        usual_low=_middle(hour.usual_low for hour in hours),
        usual_high=_middle(hour.usual_high for hour in hours),
    )


def _middle(figures: Iterable[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return median(known) if known else None


def service_seconds(
    day: Span, *, failing: Iterable[Ranked], seen: Mapping[int, int]
) -> tuple[int, dict[int, int]]:
    """Seconds up, and seconds failing by their rank.

    `failing` is disjoint; `seen` are the seconds up or failing in each hour, by its beginning, of the service's
    most watchful monitor: no more is vouched for where several took turns. What failed during maintenance is
    in `failing` and not in `seen`.
    """
    hours = hours_of(day)
    down, left = [0] * len(hours), [ends - begins for begins, ends in hours]
    by_rank: dict[int, int] = {}
    for index, rank, seconds in split(failing, [*(hour[0] for hour in hours), day[1]]):
        by_rank[rank] = by_rank.get(rank, 0) + seconds
        left[index] -= seconds
        if RANK[rank] != ServiceStatus.MAINTENANCE:
            down[index] += seconds
    up = sum(
        max(0, min(seen.get(hour[0], 0) - fails, rest))
        for hour, fails, rest in zip(hours, down, left, strict=True)
    )
    return up, by_rank
