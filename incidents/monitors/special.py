"""What days bring that are not like the others of their weekday, learnt as their likeness to a Sunday.

A likeness of 0 is a working day, of 1 a Sunday, of 1.2 quieter still. So a holiday in May tells something of
one in November, and a business that no holiday concerns is known after its first few.
"""

import math
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from incidents.lib.calendars import DayKind
from incidents.monitors.places import Place, Rhythm
from incidents.monitors.usual import Forecast, Usual, centre

SUNDAY = 6
KEPT = 12
# The sum of squares of what sets Sundays apart, a few of which make a likeness worth knowing.
LEAST_WEIGHT = 0.5
SPREADS_TOLD = 1.2
# Before any was seen: the likely one, least and most like a Sunday.
POSSIBLE = {
    DayKind.HOLIDAY: (1.0, 0.0, 1.2),
    DayKind.CLOSED: (1.0, 0.0, 1.8),
    DayKind.NEW_YEARS_DAY: (1.2, 0.0, 2.0),
    DayKind.OBON: (0.0, 0.0, 1.0),
    DayKind.UNSURE: (0.0, 0.0, 1.0),
}
# Of likenesses, however alike those were that are known.
PRESUMED_SPREAD = {
    DayKind.HOLIDAY: 0.05,
    DayKind.CLOSED: 0.15,
    DayKind.NEW_YEARS_DAY: 0.2,
    DayKind.OBON: 0.1,
    DayKind.UNSURE: 0.05,
}
PRESUMED_WEIGHT = 1
SPREADS_POSSIBLE = 1.5
SPREAD_OF_MEDIAN_DEVIATION = 1.4826

Likeness = tuple[DayKind, int, float]


@dataclass(frozen=True)
class Special:
    """`known`: kind, day and likeness of each such day. The rest is of the day that is being learnt."""

    known: tuple[Likeness, ...] = ()
    day: int = 0
    kind: DayKind = DayKind.USUAL
    towards: float = 0.0
    weight: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "known": [[kind.value, day, likeness] for kind, day, likeness in self.known],
            "day": [self.day, self.kind.value, self.towards, self.weight],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Special":
        day, kind, towards, weight = stored["day"]
        known = tuple((DayKind(kind), day, likeness) for kind, day, likeness in stored["known"])
        return cls(known, day, DayKind(kind), towards, weight)


def forecast(usual: Usual, special: Special, place: Place, *, rhythm: Rhythm) -> Forecast | None:
    """None until the past tells enough."""
    kind = rhythm.calendar.kind(place.day)
    own = centre(usual, place.slot, day=place.day, per_day=rhythm.per_day)
    if kind == DayKind.USUAL:
        return own and _forecast(usual, own[0], (own[0],), inflation=own[1])
    poles = _poles(usual, place, rhythm)
    if own is None or poles is None:
        return None
    working, sunday = poles
    likely, least, most = _narrowed(_likeness(special, kind), special, place, usual)
    ends = [working + likeness * (sunday - working) for likeness in (likely, least, most)]
    if place.slot // rhythm.per_day > 4:
        ends.append(own[0])
    return _forecast(usual, ends[0], ends, inflation=own[1])


def learn(special: Special, place: Place, logged: float, *, usual: Usual, rhythm: Rhythm) -> Special:
    """What a value of a special day tells; taken up when that day is over."""
    kind = rhythm.calendar.kind(place.day)
    if place.day != special.day:
        special = replace(_closed(special), day=place.day, kind=kind)
    poles = None if kind == DayKind.USUAL else _poles(usual, place, rhythm)
    if poles is None:
        return special
    working, sunday = poles
    return replace(
        special,
        towards=special.towards + (logged - working) * (sunday - working),
        weight=special.weight + (sunday - working) ** 2,
    )


def forget_day(special: Special) -> Special:
    """The day that is being learnt tells nothing: something unusual happened on it."""
    return replace(special, towards=0.0, weight=0.0)


def _closed(special: Special) -> Special:
    known = special.known
    if special.weight >= LEAST_WEIGHT:
        likeness = max(-1.0, min(3.0, special.towards / special.weight))
        others = [one for one in known if one[0] != special.kind]
        alike = [one for one in known if one[0] == special.kind]
        known = (*others, *alike[1 - KEPT :], (special.kind, special.day, likeness))
    return Special(known)


def _likeness(special: Special, kind: DayKind) -> tuple[float, float, float]:
    """The likely one, the least, the most."""
    known = [likeness for one, _, likeness in special.known if one == kind]
    if not known:
        return POSSIBLE[kind]
    middle = median(known)
    measured = SPREAD_OF_MEDIAN_DEVIATION * median(abs(likeness - middle) for likeness in known)
    believed = PRESUMED_WEIGHT * PRESUMED_SPREAD[kind] ** 2 + len(known) * measured**2
    spread = math.sqrt(believed / (PRESUMED_WEIGHT + len(known)))
    reach = SPREADS_POSSIBLE * spread * math.sqrt(1 + 1 / len(known))
    return middle, middle - reach, middle + reach


def _narrowed(
    possible: tuple[float, float, float], special: Special, place: Place, usual: Usual
) -> tuple[float, float, float]:
    """By what the day itself has told so far, within what was possible before it began."""
    _, least, most = possible
    if special.day != place.day or special.weight < LEAST_WEIGHT:
        return possible
    told = min(most, max(least, special.towards / special.weight))
    reach = SPREADS_TOLD * usual.scale / math.sqrt(special.weight)
    return told, max(least, told - reach), min(most, told + reach)


def _poles(usual: Usual, place: Place, rhythm: Rhythm) -> tuple[float, float] | None:
    """What a working day and a Sunday would bring at that time."""
    own_weekday = place.slot // rhythm.per_day
    weekdays = (own_weekday,) if own_weekday < 5 else range(5)
    slots = [rhythm.same_time(place, weekday=weekday) for weekday in (*weekdays, SUNDAY)]
    found = [
        told[0] for slot in slots if (told := centre(usual, slot, day=place.day, per_day=rhythm.per_day))
    ]
    if len(found) < len(slots):
        return None
    return median(found[:-1]), found[-1]


def _forecast(
    usual: Usual, middle: float, ends: "tuple[float, ...] | list[float]", *, inflation: float
) -> Forecast:
    return Forecast(middle, min(ends), max(ends), usual.scale, inflation)
