"""How a service fared, day by day: pure, from what was declared and what monitors saw.

Uptime is 1 - (major outage + weight x partial outage) / time known. Degraded performance and maintenance are
no outage; time of which nothing is known counts neither as up nor as down.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from incidents.lib.days import day_of, day_starts
from incidents.lib.spans import Ranked, highest, second_of, split
from incidents.models import RANK, ServiceStatus, worst

# A day of which less is unknown is shown like one that was watched throughout: a restart is no gap.
NO_GAP_SECONDS = 15 * 60
_WORST_FIRST = range(len(RANK) - 1, -1, -1)
OUTAGES = RANK[RANK.index(ServiceStatus.DEGRADED) :]


class Seconds(NamedTuple):
    """What a stretch of time consisted of; all of it, in the order of RANK, and the rest."""

    operational: int = 0
    maintenance: int = 0
    degraded: int = 0
    partial_outage: int = 0
    major_outage: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return sum(self)

    @property
    def known(self) -> int:
        return sum(self) - self.unknown

    @property
    def status(self) -> ServiceStatus:
        """The worst that there was; unknown only where nothing is known of it at all."""
        for rank in _WORST_FIRST:
            if self[rank]:
                return RANK[rank]
        return ServiceStatus.UNKNOWN if self.unknown else ServiceStatus.OPERATIONAL

    def lost(self, *, weight: float) -> float:
        """Seconds of outage; a partial one counts with its weight."""
        return self.major_outage + weight * self.partial_outage

    def uptime(self, *, weight: float) -> float | None:
        """The share of the known time without outage; None where nothing is known."""
        return 1 - self.lost(weight=weight) / self.known if self.known else None


@dataclass(frozen=True)
class Calendar:
    """Days of a zone, oldest first; day i lies between bounds[i] and bounds[i + 1], the last ends now."""

    first: date
    bounds: tuple[int, ...]

    @classmethod
    def up_to(cls, now: datetime, *, days: int, zone: ZoneInfo) -> "Calendar":
        second = second_of(now)
        first = day_of(second, zone) - timedelta(days=days - 1)
        return cls(first, (*day_starts(first, days=days, zone=zone)[:-1], second))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def last(self, days: int) -> "Calendar":
        start = len(self) - days
        return Calendar(self.day(start), self.bounds[start:])

    @property
    def whole_days(self) -> "Calendar":
        """Without today, which grows: the same all day long."""
        return replace(self, bounds=self.bounds[:-1])

    def day(self, index: int) -> date:
        return self.first + timedelta(days=index)

    def index(self, day: date) -> int:
        """May lie outside."""
        return (day - self.first).days

    def length(self, index: int) -> int:
        return self.bounds[index + 1] - self.bounds[index]


@dataclass(frozen=True)
class Day:
    """`checks` is None where no monitor watched the service."""

    day: date
    status: ServiceStatus
    declared: Seconds
    checks: Seconds | None

    @property
    def is_told(self) -> bool:
        """Whether people's words make it something else than an ordinary day."""
        return self.status == self.declared.status and self.status in (*OUTAGES, ServiceStatus.MAINTENANCE)

    @property
    def is_seen(self) -> bool:
        """Whether what monitors saw does."""
        return self.status in (*OUTAGES, ServiceStatus.MAINTENANCE) and not self.is_told

    @property
    def has_gap(self) -> bool:
        """Whether monitors that watched were silent for a part of the day that is worth a word."""
        return self.checks is not None and self.checks.unknown > NO_GAP_SECONDS


@dataclass(frozen=True)
class Past:
    """Only what is not ordinary is held: a year of many services must cost little.

    `declared` and `seen` are seconds by RANK of days that were not wholly up; `watched` are the days from the
    first to the last on which monitors saw anything, or to today while they still watch; `begins` is the
    second from which on the service is known.
    """

    calendar: Calendar
    begins: int
    declared: Mapping[int, Seconds] = field(default_factory=dict)
    seen: Mapping[int, Seconds] = field(default_factory=dict)
    watched: range = range(0)

    def last(self, days: int) -> "Past":
        """The same over fewer days."""
        start = len(self.calendar) - days
        return Past(
            calendar=self.calendar.last(days),
            begins=self.begins,
            declared={index - start: told for index, told in self.declared.items() if index >= start},
            seen={index - start: seen for index, seen in self.seen.items() if index >= start},
            watched=range(max(self.watched.start - start, 0), max(self.watched.stop - start, 0)),
        )

    def day(self, index: int) -> Day:
        declared = self._declared(index)
        checks = self._seen(index) if index in self.watched else None
        if checks and not checks.known and checks.total <= NO_GAP_SECONDS:
            checks = None  # a day so young that its first results are not rolled up yet
        return Day(self.calendar.day(index), _status(declared, checks), declared, checks)

    def days(self) -> Iterator[Day]:
        return map(self.day, range(len(self.calendar)))

    def unusual(self) -> list[int]:
        """The days, from the service's beginning on, that may be something else than up and seen so."""
        first = self.first_known
        return sorted(index for index in {*self.declared, *self.seen} if index >= first)

    @property
    def first_known(self) -> int:
        """The day on which the service began; the number of days where it does not exist yet."""
        return max(0, bisect_right(self.calendar.bounds, self.begins) - 1)

    def declared_in(self, days: int) -> Seconds:
        """All of the last `days`, as people told it."""
        start = len(self.calendar) - days
        total = self.calendar.bounds[-1] - self.calendar.bounds[start]
        unknown = min(max(self.begins - self.calendar.bounds[start], 0), total)
        told = _sum(seconds for index, seconds in self.declared.items() if index >= start)
        return told._replace(operational=total - unknown - told.total, unknown=unknown)

    def seen_in(self, days: int) -> Seconds:
        """All of the last `days` in which the service existed, as monitors saw it."""
        start = len(self.calendar) - days
        bounds = self.calendar.bounds
        total = bounds[-1] - max(bounds[start], min(self.begins, bounds[-1]))
        found = _sum(seconds for index, seconds in self.seen.items() if index >= start)
        watched = range(max(start, self.watched.start), max(start, self.watched.stop))
        whole = bounds[watched.stop] - bounds[watched.start] - self._length_of_seen(start)
        up = found.operational + whole
        known = up + found.total - found.operational
        return found._replace(operational=up, unknown=max(0, total - known))

    def _length_of_seen(self, start: int) -> int:
        return sum(self.calendar.length(index) for index in self.seen if index >= start)

    def _declared(self, index: int) -> Seconds:
        length = self.calendar.length(index)
        unknown = min(max(self.begins - self.calendar.bounds[index], 0), length)
        told = self.declared.get(index)
        if told is None:
            return Seconds(operational=length - unknown, unknown=unknown)
        return Seconds(length - unknown - sum(told), *told[1:-1], unknown)

    def _seen(self, index: int) -> Seconds:
        length = self.calendar.length(index)
        found = self.seen.get(index)
        if found is None:
            return Seconds(operational=length)
        return Seconds(*found[:-1], max(0, length - sum(found)))


def declare(ranked: Iterable[Ranked], calendar: Calendar) -> dict[int, Seconds]:
    """Outages and maintenance by day; where several overlap, the worst counts, and once."""
    days: dict[int, list[int]] = {}
    for index, rank, seconds in split(highest(ranked), calendar.bounds):
        days.setdefault(index, [0] * len(RANK))[rank] += seconds
    return {index: Seconds(*by_rank) for index, by_rank in days.items()}


def _sum(several: Iterable[Seconds]) -> Seconds:
    return Seconds(*map(sum, zip(*several, strict=True)))


def _status(declared: Seconds, checks: Seconds | None) -> ServiceStatus:
    """What people told goes first, as on the page now; then what monitors saw. Unseen is never green."""
    told = declared.status
    if checks is None or told in OUTAGES:
        return told
    seen = checks.status
    return seen if seen in OUTAGES else worst([told, seen])
