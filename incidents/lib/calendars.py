"""Which days are not like the others of their weekday: public holidays, company holidays, days beside them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any

import holidays

from incidents.lib.errors import Refused

LONGEST_BRIDGE = 3
FARTHEST = 10
COUNTRY_OF_ZONE = {"Asia/Tokyo": "JP"}
NO_COUNTRY = "none"


class DayKind(Enum):
    USUAL = "usual"
    HOLIDAY = "holiday"
    CLOSED = "closed"
    NEW_YEARS_DAY = "new_years_day"
    OBON = "obon"
    UNSURE = "unsure"


RESTS = (DayKind.HOLIDAY, DayKind.CLOSED, DayKind.NEW_YEARS_DAY)


@dataclass(frozen=True)
class YearDays:
    """The days from `first` to `last` of every year, each (month, day); they may reach over New Year."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, day: date) -> bool:
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


NEW_YEAR = YearDays((12, 29), (1, 3))
TURN_OF_THE_YEAR = YearDays((12, 28), (1, 5))
OBON = YearDays((8, 12), (8, 16))


@dataclass(frozen=True)
class Calendar:
    """`country`: ISO 3166 alpha-2, empty where no public holidays are known. `closed`: company holidays.

    In Japan 29 December to 3 January are company holidays without being named, of which New Year's Day is the
    quietest. Working days at Obon, and `UNSURE` ones at the turn of the year or between two rests, are such that
    some work and some do not.
    """

    country: str = ""
    closed: tuple[YearDays, ...] = ()

    def kind(self, ordinal: int) -> DayKind:
        """Of a proleptic ordinal."""
        return _kind(self, ordinal)

    def is_special(self, ordinal: int) -> bool:
        return self.kind(ordinal) != DayKind.USUAL


def read_calendar(given: Mapping[str, Any], *, zone: str) -> Calendar:
    """From settings: `country`, by default that of the zone where it is known, "none" for none; `closed_days`, such
    as "08-13..08-16, 06-01". Raises Refused naming the one that is wrong.
    """
    country = given.get("country") or COUNTRY_OF_ZONE.get(zone, NO_COUNTRY)
    if country != NO_COUNTRY and country not in holidays.list_supported_countries():
        raise Refused("expected the code of a country, such as JP, or none", field="country")
    parts = [part.strip() for part in str(given.get("closed_days", "")).split(",")]
    closed = tuple(_year_days(part) for part in parts if part)
    return Calendar("" if country == NO_COUNTRY else country, closed)


def _year_days(text: str) -> YearDays:
    found = re.fullmatch(r"(\d\d)-(\d\d)(?:\.\.(\d\d)-(\d\d))?", text, re.ASCII)
    numbers = [int(number) for number in found.groups() if number] if found else []
    try:
        days = [date(2000, *pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
        first, last = days[0], days[-1]
    except (IndexError, ValueError):
        raise Refused("expected days such as 08-13..08-16, 06-01", field="closed_days") from None
    return YearDays((first.month, first.day), (last.month, last.day))


@lru_cache(maxsize=4096)
def _kind(calendar: Calendar, ordinal: int) -> DayKind:
    day = date.fromordinal(ordinal)
    if calendar.country == "JP" and (day.month, day.day) == (1, 1):
        return DayKind.NEW_YEARS_DAY
    if _is_closed(calendar, day):
        return DayKind.CLOSED
    if _is_public_holiday(calendar.country, day):
        return DayKind.HOLIDAY
    if _is_weekend(day):
        return DayKind.USUAL
    if calendar.country == "JP" and OBON.holds(day):
        return DayKind.OBON
    turn_of_the_year = calendar.country == "JP" and TURN_OF_THE_YEAR.holds(day)
    return DayKind.UNSURE if turn_of_the_year or _is_bridge(calendar, day) else DayKind.USUAL


def _is_bridge(calendar: Calendar, day: date) -> bool:
    """A working day between two rests, or a few between two holidays; plain weekends alone make none."""
    (to_before, before), (to_after, after) = (_next_rest(calendar, day, step=step) for step in (-1, 1))
    special = [any(_is_special(calendar, rested) for rested in rest) for rest in (before, after)]
    length = to_before + to_after - 1
    return any(special) if length == 1 else all(special) and length <= LONGEST_BRIDGE


def _next_rest(calendar: Calendar, day: date, *, step: int) -> tuple[int, list[date]]:
    """How many days away it begins in that direction, and its days."""
    rest: list[date] = []
    distance = 1
    while distance < FARTHEST and not _is_rest(calendar, _away(day, step * distance)):
        distance += 1
    while len(rest) < FARTHEST and _is_rest(calendar, _away(day, step * (distance + len(rest)))):
        rest.append(_away(day, step * (distance + len(rest))))
    return distance, rest


def _away(day: date, number: int) -> date:
    return day + timedelta(days=number)


def _is_rest(calendar: Calendar, day: date) -> bool:
    return _is_weekend(day) or _is_special(calendar, day)


def _is_special(calendar: Calendar, day: date) -> bool:
    return _is_closed(calendar, day) or _is_public_holiday(calendar.country, day)


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def _is_closed(calendar: Calendar, day: date) -> bool:
    known = (NEW_YEAR, *calendar.closed) if calendar.country == "JP" else calendar.closed
    return any(days.holds(day) for days in known)


def _is_public_holiday(country: str, day: date) -> bool:
    return bool(country) and day in _public_holidays(country, day.year)


@lru_cache(maxsize=256)
def _public_holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=year))
