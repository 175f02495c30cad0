"""Calendar days of a zone as stretches of true time: 23, 24 or 25 hours, and none where a day was skipped."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from incidents.lib.spans import Span, second_of

HOUR = 3600


def day_of(second: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(second, UTC).astimezone(zone).date()


def day_starts(first: date, *, days: int, zone: ZoneInfo) -> list[int]:
    """Where each of `days` days begins, in seconds since 1970, and where the last of them ends.

    A day whose midnight does not exist begins with the first instant it has.
    """
    midnights = (datetime(first.year, first.month, first.day) + timedelta(days=n) for n in range(days + 1))  # noqa: DTZ001 - made aware below
    return [second_of(midnight.replace(tzinfo=zone)) for midnight in midnights]


def hours_of(day: Span) -> list[Span]:
    """The hours of a day from its beginning on; the last is shorter where the clock moved by half an hour."""
    return [(at, min(at + HOUR, day[1])) for at in range(day[0], day[1], HOUR)]


def hour_start(second: int, zone: ZoneInfo) -> int:
    """The beginning of the hour that a second lies in, counted from its day's beginning."""
    begins = day_starts(day_of(second, zone), days=1, zone=zone)[0]
    return second - (second - begins) % HOUR


def days_between(span: Span, zone: ZoneInfo) -> list[Span]:
    """The whole days that a stretch touches; a day that has no time at all is none."""
    first, last = day_of(span[0], zone), day_of(span[1] - 1, zone)
    starts = day_starts(first, days=(last - first).days + 1, zone=zone)
    return [day for day in pairwise(starts) if day[0] < day[1]]
