"""Where in the week a value lies, for series that come every minute up to every day."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from incidents.lib.calendars import Calendar
from incidents.lib.errors import Refused

DAY = 86_400
SHORTEST, SHORTEST_JUDGED = 60, 900


@dataclass(frozen=True)
class Place:
    """The number of a step within the week, and its day as a proleptic ordinal."""

    slot: int
    day: int


@dataclass(frozen=True)
class Rhythm:
    """How a series comes: a value every `interval_seconds`, lived by the clock of `zone` and its calendar.

    Values that come more often than every quarter of an hour are judged by their sums over `step_seconds`.
    """

    zone: str = "UTC"
    interval_seconds: int = 3600
    calendar: Calendar = field(default_factory=Calendar)

    @cached_property
    def step_seconds(self) -> int:
        step = self.interval_seconds
        while step < SHORTEST_JUDGED or DAY % step:
            step += self.interval_seconds
        return step

    @property
    def key(self) -> str:
        """What is learnt in one rhythm is of no use in another."""
        return f"{self.zone} {self.interval_seconds} {self.calendar}"

    @property
    def step(self) -> timedelta:
        return timedelta(seconds=self.step_seconds)

    @property
    def parts(self) -> int:
        """How many values make one step."""
        return self.step_seconds // self.interval_seconds

    @property
    def per_day(self) -> int:
        return DAY // self.step_seconds

    def number(self, at: datetime, first_at: datetime) -> int:
        """Of the interval that ends at about `at`, counted from the one that ends at `first_at`."""
        return round((at - first_at) / timedelta(seconds=self.interval_seconds))

    def place_of(self, at: datetime) -> Place:
        """By the middle of the step that ends at `at`, so that a push a little early or late stays in it."""
        return self.place_at(at - self.step / 2)

    def place_at(self, at: datetime) -> Place:
        """That holds the instant."""
        local = at.astimezone(self._zone)
        second = local.hour * 3600 + local.minute * 60 + local.second
        return Place(local.weekday() * self.per_day + second // self.step_seconds, local.toordinal())

    def same_time(self, place: Place, *, weekday: int) -> int:
        """The slot of the same time on another weekday."""
        return weekday * self.per_day + place.slot % self.per_day

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


def check_interval(seconds: int) -> None:
    """Raises Refused for what cannot be told apart by the time of day."""
    if not SHORTEST <= seconds <= DAY or DAY % seconds:
        raise Refused(
            "expected seconds that divide a day, from a minute to a day, such as 300, 900, 3600 or 86400",
            field="interval_seconds",
        )
