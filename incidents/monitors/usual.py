"""What a count series usually is in each step of the week, and how far it usually strays from that.

Works on logarithms: traffic grows and shakes by percents. Each slot of the week has its own centre, the
median over the past weeks moved along the trend; the spread is one number pooled over all slots, since
eight values in a slot cannot carry a scale of their own. Counting noise (Poisson) comes on top, so that
a quiet night with three mails is not held to the percents of noon.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from statistics import fmean, median
from typing import Any

from incidents.monitors.places import Place

WORKING_DAYS = 5
# Slot of the week -> (day as a proleptic ordinal, log count), oldest first.
Slots = dict[int, tuple[tuple[int, float], ...]]
BEYOND = 2.5
# The variance of the median of pairs, over that of a mean; a little more for the few that are usual.
INFLATION = 1.05
# A place and the logarithm of its count.
Entry = tuple[Place, float]


@dataclass(frozen=True)
class Usual:
    """The learnt past. A value: `learn`, `forget` and `measuring.refresh` answer a new one.

    `levels`: how far each working day lies above their mean. `sameness`: from 0 to 1, how far they are shaped
    alike but for that, so that one tells what to expect of another. `clustering`: how much more sums of
    neighbouring values stray than if each strayed on its own.
    """

    slots: Slots = field(default_factory=dict)
    trend_a_week: float = 0.0
    scale: float = 0.1
    clustering: float = 1.0
    levels: tuple[float, ...] = (0.0,) * WORKING_DAYS
    sameness: float = 0.0
    refreshed_on: int = 0

    def to_json(self) -> dict[str, Any]:
        """Thousandths, a list of weeks a slot: what is kept of a slot lies on one day of each week."""
        first = min((entries[0][0] // 7 for entries in self.slots.values() if entries), default=0)
        return {
            "first_week": first,
            "slots": {str(slot): _weeks(entries, first) for slot, entries in self.slots.items() if entries},
            "trend": self.trend_a_week,
            "scale": self.scale,
            "clustering": self.clustering,
            "levels": list(self.levels),
            "sameness": self.sameness,
            "refreshed_on": self.refreshed_on,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Usual":
        slots = {
            int(slot): tuple(
                (7 * (stored["first_week"] + week) + weekday, thousandths / 1000)
                for week, thousandths in enumerate(weeks)
                if thousandths is not None
            )
            for slot, (weekday, weeks) in stored["slots"].items()
        }
        return cls(
            slots,
            trend_a_week=stored["trend"],
            scale=stored["scale"],
            clustering=stored["clustering"],
            levels=tuple(stored["levels"]),
            sameness=stored["sameness"],
            refreshed_on=stored["refreshed_on"],
        )


@dataclass(frozen=True)
class Forecast:
    """What the past expects of one step: `centre`, or on a day of unsure kind anything from `least` to `most`.

    Counts are compared after the transform that makes a shaken Poisson count (negative binomial) nearly
    normal with a spread of one: a logarithm where counts are large, a square root where they are small.
    """

    centre: float
    least: float
    most: float
    scale: float
    inflation: float

    @property
    def count(self) -> float:
        return _count(self.centre)

    def below(self, count: float) -> float:
        """How many spreads `count` lies below what was expected; negative above."""
        return self._distance(_count(self.least), count)

    def above(self, count: float) -> float:
        return self._distance(count, _count(self.most))

    def strays(self, count: float) -> float:
        """How many spreads `count` lies beyond what was expected, on either side; 0 between."""
        return max(0.0, self.below(count), self.above(count))

    def evidence_of_drop(self, count: float, share: float, *, most: float) -> float:
        """The logarithm of how much likelier `count` is after a drop by `share` than without one.

        On a day of unsure kind, what either may explain is no evidence.
        """
        for_it, against = (
            _evidence(self._distance(usual, count), self._distance(usual, (1 - share) * usual), most=most)
            for usual in (_count(self.least), _count(self.most))
        )
        return max(0.0, for_it) + min(0.0, against)

    def evidence_of_rise(self, count: float, share: float, *, most: float) -> float:
        """The same of a rise that is the end of such a drop."""
        for_it, against = (
            _evidence(self._distance(count, usual), self._distance(usual / (1 - share), usual), most=most)
            for usual in (_count(self.most), _count(self.least))
        )
        return max(0.0, for_it) + min(0.0, against)

    def band(self, spreads: float) -> tuple[float, float]:
        """The counts that lie `spreads` below and above."""
        reach = spreads * math.sqrt(self.inflation)
        low, high = self._steadied(_count(self.least)), self._steadied(_count(self.most))
        return self._count_of(low - reach), self._count_of(high + reach)

    def band_of_part(self, spreads: float, *, parts: int) -> tuple[float, float]:
        """The same of one of the values whose sum was expected, as far as they are alike."""
        low, high = self.band(spreads)
        return low / parts, high / parts

    def _distance(self, upper: float, lower: float) -> float:
        return (self._steadied(upper) - self._steadied(lower)) / math.sqrt(self.inflation)

    def _steadied(self, count: float) -> float:
        return 2 / self.scale * math.asinh(self.scale * math.sqrt(max(0.0, count) + 0.375))

    def _count_of(self, steadied: float) -> float:
        return max(0.0, (math.sinh(self.scale * max(0.0, steadied) / 2) / self.scale) ** 2 - 0.375)


def _evidence(deviation: float, change: float, *, most: float) -> float:
    """In spreads, towards the change. Capped: far beyond the change proves little more than beyond it."""
    bound = min(most, change * change / 2 + BEYOND * change)
    return max(-bound, min(bound, change * deviation - change * change / 2))


def log_count(count: float) -> float:
    """Finite for a count of nothing, which a negative one is taken for; kept to a tenth of a percent."""
    return round(math.log(max(0.0, count) + 0.5), 3)


def learn(usual: Usual, entries: Iterable[Entry], *, weeks_kept: int) -> Usual:
    """The past with these log counts in it; what is older than `weeks_kept` in their slots is forgotten."""
    slots = dict(usual.slots)
    for place, logged in entries:
        oldest = place.day - 7 * weeks_kept
        kept = [entry for entry in slots.get(place.slot, ()) if oldest <= entry[0] < place.day]
        slots[place.slot] = (*kept, (place.day, logged))
    return replace(usual, slots=slots)


def forget(usual: Usual, places: Iterable[Place]) -> tuple[Usual, list[Entry]]:
    """The past without these places, and what was known of them: they were part of something unusual."""
    slots, forgotten = dict(usual.slots), []
    for place in places:
        entries = slots.get(place.slot, ())
        forgotten += [(place, logged) for day, logged in entries if day == place.day]
        slots[place.slot] = tuple(entry for entry in entries if entry[0] != place.day)
    return replace(usual, slots=slots), forgotten


def shift(usual: Usual, by: float) -> Usual:
    """The past as if it had always been higher by `by`, a logarithm."""
    moved = {
        slot: tuple((day, round(logged + by, 3)) for day, logged in entries)
        for slot, entries in usual.slots.items()
    }
    return replace(usual, slots=moved)


def centre(usual: Usual, slot: int, *, day: int, per_day: int) -> tuple[float, float] | None:
    """The usual log count, and the variance that a forecast from it has, in that of a value.

    None until the slot was seen on two earlier days. Where working days are shaped alike all of them tell.
    """
    past = moved(usual, slot, day=day)
    if len(past) < 2:
        return None
    own, weekday = _middle(past), slot // per_day
    if weekday >= WORKING_DAYS or usual.sameness == 0.0:
        return own, 1 + INFLATION / len(past)
    alike = [moved(usual, other * per_day + slot % per_day, day=day) for other in range(WORKING_DAYS)]
    levelled = [median(told) - level for told, level in zip(alike, usual.levels, strict=True) if told]
    by_all = fmean(levelled) + usual.levels[weekday]
    alone = 1 - usual.sameness
    shares = alone**2 + (1 - alone**2) / len(levelled)
    return own + usual.sameness * (by_all - own), 1 + INFLATION * shares / len(past)


def moved(usual: Usual, slot: int, *, day: int) -> list[float]:
    """What the slot brought on earlier days, moved along the trend to `day`."""
    return [
        logged + usual.trend_a_week * (day - seen) / 7
        for seen, logged in usual.slots.get(slot, ())
        if seen < day
    ]


def _middle(values: list[float]) -> float:
    """The median of the means of all pairs (Hodges and Lehmann): as steady as the mean, deaf to wild values."""
    return median((a + b) / 2 for place, a in enumerate(values) for b in values[place:])


def _count(logged: float) -> float:
    return max(0.0, math.exp(logged) - 0.5)


def _weeks(entries: Iterable[tuple[int, float]], first_week: int) -> list[Any]:
    """The weekday, and thousandths by the week, null where nothing came."""
    by_week = {day // 7 - first_week: round(logged * 1000) for day, logged in entries}
    weekday = next(day % 7 for day, _ in entries)
    return [weekday, [by_week.get(week) for week in range(max(by_week) + 1)]]
