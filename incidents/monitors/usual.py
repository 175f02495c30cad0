"""What a count series usually is in each hour of the week, and how far it usually strays from that.

Works on logarithms: traffic grows and shakes by percents. Each hour of the week has its own centre, the
median over the past weeks moved along the trend; the spread is one number pooled over all hours, since
eight values in a cell cannot carry a scale of their own. Counting noise (Poisson) comes on top, so that
a quiet night with three mails is not held to the percents of noon.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

MEDIAN_OF_SQUARED_NORMAL = 0.455
LEAST_SCALE = 0.03
MOST_TREND_A_WEEK = 0.05
WEEKS_TO_SEE_A_TREND = 4
LEAST_VALUES_A_WEEK = 84

# Hour of the week -> (day as a proleptic ordinal, log count), oldest first.
Slots = dict[int, tuple[tuple[int, float], ...]]


@dataclass(frozen=True)
class Usual:
    """The learnt past. A value: `learn` and `refresh` answer a new one."""

    slots: Slots = field(default_factory=dict)
    trend_a_week: float = 0.0
    scale: float = 0.1
    refreshed_on: int = 0

    def to_json(self) -> dict[str, Any]:
        slots = {str(slot): [list(entry) for entry in entries] for slot, entries in self.slots.items()}
        return {
            "slots": slots,
            "trend": self.trend_a_week,
            "scale": self.scale,
            "refreshed_on": self.refreshed_on,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Usual":
        slots = {
            int(slot): tuple((day, logged) for day, logged in entries)
            for slot, entries in stored["slots"].items()
        }
        return cls(slots, stored["trend"], stored["scale"], stored["refreshed_on"])


@dataclass(frozen=True)
class Hour:
    """Where an instant lies in the week. A value belongs to the hour that its stamp ends."""

    slot: int
    day: int


# An hour and the logarithm of its count.
Entry = tuple[Hour, float]


@dataclass(frozen=True)
class Forecast:
    """What the past expects of one hour. Deviations are counted in spreads: standard deviations of that.

    Counts are compared after the transform that makes a shaken Poisson count (negative binomial) nearly
    normal with a spread of one: a logarithm where counts are large, a square root where they are small.
    """

    centre: float
    scale: float
    inflation: float

    @property
    def count(self) -> float:
        return max(0.0, math.exp(self.centre) - 0.5)

    def deviation(self, count: float) -> float:
        """How many spreads `count` lies above (or, negative, below) what was expected."""
        return (self._steadied(max(0.0, count)) - self._steadied(self.count)) / math.sqrt(self.inflation)

    def band(self, spreads: float) -> tuple[float, float]:
        """The counts that lie `spreads` below and above."""
        middle, reach = self._steadied(self.count), spreads * math.sqrt(self.inflation)
        return self._count_of(middle - reach), self._count_of(middle + reach)

    def _steadied(self, count: float) -> float:
        return 2 / self.scale * math.asinh(self.scale * math.sqrt(count + 0.375))

    def _count_of(self, steadied: float) -> float:
        return max(0.0, (math.sinh(self.scale * max(0.0, steadied) / 2) / self.scale) ** 2 - 0.375)


def log_count(count: float) -> float:
    """Finite for a count of nothing, which a negative one is taken for; kept to a tenth of a percent."""
    return round(math.log(max(0.0, count) + 0.5), 3)


def hour_of(at: datetime, zone: ZoneInfo) -> Hour:
    """Taken half an hour before the stamp, so that a push a few seconds early or late stays in its hour."""
    middle = (at - timedelta(minutes=30)).astimezone(zone)
    return Hour(slot=middle.weekday() * 24 + middle.hour, day=middle.toordinal())


def learn(usual: Usual, entries: Iterable[Entry], *, weeks_kept: int) -> Usual:
    """The past with these log counts in it; what is older than `weeks_kept` in their hours is forgotten."""
    slots = dict(usual.slots)
    for hour, logged in entries:
        kept = [entry for entry in slots.get(hour.slot, ()) if entry[0] >= hour.day - 7 * weeks_kept]
        slots[hour.slot] = (*kept, (hour.day, logged))
    return replace(usual, slots=slots)


def forget(usual: Usual, hours: Iterable[Hour]) -> tuple[Usual, list[Entry]]:
    """The past without these hours, and what was known of them: they were part of something unusual."""
    slots, forgotten = dict(usual.slots), []
    for hour in hours:
        entries = slots.get(hour.slot, ())
        forgotten += [(hour, logged) for day, logged in entries if day == hour.day]
        slots[hour.slot] = tuple(entry for entry in entries if entry[0] != hour.day)
    return replace(usual, slots=slots), forgotten


def forecast(usual: Usual, hour: Hour) -> Forecast | None:
    """None until the hour was seen on two earlier days: one value is no habit."""
    past = _moved_along(usual.slots.get(hour.slot, ()), to_day=hour.day, trend_a_week=usual.trend_a_week)
    if len(past) < 2:
        return None
    return Forecast(median(past), usual.scale, _inflation(len(past)))


def refresh(usual: Usual, *, day: int) -> Usual:
    """Trend and scale measured anew; meant once a day, as it walks the whole past."""
    trend = _measure_trend(usual.slots, day=day)
    return replace(
        usual, trend_a_week=trend, scale=_measure_scale(usual.slots, trend_a_week=trend), refreshed_on=day
    )


def _moved_along(entries: Iterable[tuple[int, float]], *, to_day: int, trend_a_week: float) -> list[float]:
    return [logged + trend_a_week * (to_day - day) / 7 for day, logged in entries if day < to_day]


def _counting_noise(centre: float) -> float:
    """Variance of the logarithm of a Poisson count around exp(centre)."""
    return math.exp(-centre)


def _inflation(count: int) -> float:
    """How much wider a forecast from the median of `count` values strays than the values themselves."""
    return 1 + (1 / count if count <= 2 else 1.35 / count)


def _measure_trend(slots: Slots, *, day: int) -> float:
    """Theil-Sen slope over the weeks' levels: a last week gone wrong barely moves it."""
    by_week: dict[int, list[float]] = {}
    for entries in slots.values():
        if len(entries) < 4:
            continue
        centre = median(logged for _, logged in entries)
        for seen_on, logged in entries:
            by_week.setdefault((day - seen_on) // 7, []).append(logged - centre)
    levels = [
        (-age, median(values))
        for age, values in sorted(by_week.items())
        if len(values) >= LEAST_VALUES_A_WEEK
    ]
    if len(levels) < WEEKS_TO_SEE_A_TREND:
        return 0.0
    slopes = [(b - a) / (y - x) for x, a in levels for y, b in levels if y > x]
    return max(-MOST_TREND_A_WEEK, min(MOST_TREND_A_WEEK, median(slopes)))


def _measure_scale(slots: Slots, *, trend_a_week: float) -> float:
    """Each value against the median of the others of its hour, all hours pooled, by the median of squares.

    That median is the MAD in another dress: a tenth of the values gone wild does not move it much.
    """
    squares = [square for entries in slots.values() for square in _squares(entries, trend_a_week)]
    if not squares:
        return LEAST_SCALE
    return math.sqrt(max(LEAST_SCALE**2, median(squares)))


def _squares(entries: tuple[tuple[int, float], ...], trend_a_week: float) -> list[float]:
    if len(entries) < 2:
        return []
    moved = [logged - trend_a_week * day / 7 for day, logged in entries]
    raw = [logged for _, logged in entries]
    noise = _counting_noise(median(raw))
    inflation = _inflation(len(moved) - 1) * MEDIAN_OF_SQUARED_NORMAL
    ordered = sorted(moved)
    return [(value - _median_without(ordered, value)) ** 2 / inflation - noise for value in moved]


def _median_without(ordered: list[float], value: float) -> float:
    rest = ordered.copy()
    rest.remove(value)
    half = len(rest) // 2
    return rest[half] if len(rest) % 2 else (rest[half - 1] + rest[half]) / 2
