"""How fast the organisation was in one incident: what each figure means. The words: docs/figures.md."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise, zip_longest
from statistics import median


class Figure(StrEnum):
    DETECT = "detect"
    ENQUIRY = "enquiry"
    RECOGNITION = "recognition"
    BETWEEN = "between"
    RESOLVE = "resolve"
    REPORT = "report"


class Promise(StrEnum):
    UPDATE = "update"
    REPORT = "report"


@dataclass(frozen=True)
class ToldAt:
    """One published update; `promised_at` is when it said the next would come."""

    at: datetime
    is_over: bool = False
    promised_at: datetime | None = None


@dataclass(frozen=True)
class Course:
    """What is known of one public incident. `told` in the order of publication; `enquired_at` the first enquiry of
    a customer; `recognised_at` when anybody of the organisation, or its monitoring, first took it for an incident;
    `ended_at` the real recovery. `report_due_on` and `reported_on` are days of the page's zone, as `ended_on`.
    """

    started_at: datetime
    detected_at: datetime | None = None
    enquired_at: datetime | None = None
    recognised_at: datetime | None = None
    told: tuple[ToldAt, ...] = ()
    ended_at: datetime | None = None
    ended_on: date | None = None
    report_due_on: date | None = None
    reported_on: date | None = None


@dataclass(frozen=True)
class Kept:
    """Promises: how many were kept, broken, and are still open."""

    kept: int = 0
    broken: int = 0
    open: int = 0

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.kept + other.kept, self.broken + other.broken, self.open + other.open)

    @property
    def decided(self) -> int:
        return self.kept + self.broken


@dataclass(frozen=True)
class Measured:
    """`spans` hold each figure's values: one an incident, but of the gaps between updates all."""

    spans: dict[Figure, tuple[timedelta, ...]] = field(default_factory=dict)
    promises: dict[Promise, Kept] = field(default_factory=dict)
    told_before_enquiry: bool = False


@dataclass(frozen=True)
class Summary:
    """Of `count` values; nothing but the count where there is none."""

    count: int
    median: timedelta | None = None
    longest: timedelta | None = None


def measure(course: Course, *, now: datetime, today: date) -> Measured:
    """`today` in the page's zone."""
    notice = course.told[0].at if course.told else None
    reported = _days(course.ended_on, course.reported_on)
    spans = {
        Figure.DETECT: _span(course.started_at, course.detected_at),
        Figure.ENQUIRY: _span(course.enquired_at, notice),
        Figure.RECOGNITION: _span(course.recognised_at, notice),
        Figure.BETWEEN: _gaps(course.told),
        Figure.RESOLVE: _span(course.started_at, course.ended_at),
        Figure.REPORT: reported,
    }
    enquired = course.enquired_at
    return Measured(
        spans=spans,
        promises={
            Promise.UPDATE: _next_updates(course.told, now=now),
            Promise.REPORT: _report(course, today=today),
        },
        told_before_enquiry=notice is not None and enquired is not None and notice < enquired,
    )


def summarise(values: Sequence[timedelta]) -> Summary:
    if not values:
        return Summary(0)
    middle = median(value.total_seconds() for value in values)
    return Summary(len(values), timedelta(seconds=middle), max(values))


def _span(since: datetime | None, until: datetime | None) -> tuple[timedelta, ...]:
    """Nothing where an end is unknown, or came first."""
    return (until - since,) if since and until and until >= since else ()


def _days(since: date | None, until: date | None) -> tuple[timedelta, ...]:
    return (until - since,) if since and until and until >= since else ()


def _gaps(told: Sequence[ToldAt]) -> tuple[timedelta, ...]:
    """Between the updates that follow each other, up to the one that says it is over; what is told after that is
    no answer to anybody who waits."""
    return tuple(later.at - one.at for one, later in pairwise(told) if not one.is_over)


def _next_updates(told: Sequence[ToldAt], *, now: datetime) -> Kept:
    """A promise is kept by the next update, to the minute."""
    kept = Kept()
    for one, later in zip_longest(told, told[1:]):
        if one.promised_at is None:
            continue
        if later is not None:
            kept += _decided(_minute(later.at) <= one.promised_at)
        else:
            kept += Kept(broken=1) if now > one.promised_at else Kept(open=1)
    return kept


def _report(course: Course, *, today: date) -> Kept:
    if course.report_due_on is None:
        return Kept()
    if course.reported_on is not None:
        return _decided(course.reported_on <= course.report_due_on)
    return Kept(broken=1) if today > course.report_due_on else Kept(open=1)


def _decided(is_kept: bool) -> Kept:
    return Kept(kept=1) if is_kept else Kept(broken=1)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
