"""Years of hourly mail counts, invented by a seed: day, week, growth, Japanese holidays, noise."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import holidays

from incidents.fixtures.make_hea2020100801 import NOISE, PEAK_AN_HOUR, TOKYO, WEEKDAY_SHARE, WORKDAY

HOUR = timedelta(hours=1)
GROWTH_A_YEAR = 1.2
SUNDAY_SHARE = WEEKDAY_SHARE[6]
YEAR_END_SHARE, NEW_YEARS_DAY_SHARE = 0.30, 0.25
OBON_SHARE = 0.70
SMALL_MEAN = 30


@dataclass(frozen=True)
class World:
    """What is simulated. `day_noise`: how much a whole day strays, log-normal, which the plain one does not.

    `obon`: 13 to 16 August bring 0.7 of a working day, which nobody told the monitor.
    """

    year_end: bool = True
    obon: bool = False
    holiday_noise: float = 0.0
    day_noise: float = 0.0
    peak: float = PEAK_AN_HOUR


@dataclass
class MailCounts:
    """One seed, one past: `mean(at)` before the noise of its hour, `draw` with it."""

    seed: int
    begins_at: datetime
    world: World = World()
    days: dict[date, float] = field(default_factory=dict)

    def mean(self, at: datetime) -> float:
        """Of the hour that ends at `at`."""
        begins = (at - HOUR).astimezone(TOKYO)
        years = (at - self.begins_at) / timedelta(days=365.25)
        growth = math.exp(years * math.log(GROWTH_A_YEAR))
        return self.world.peak * WORKDAY[begins.hour] * self._share(begins.date()) * growth

    def counts(self, hours: int) -> Iterator[tuple[datetime, int]]:
        chance = random.Random(f"{self.seed} counts")
        for number in range(1, hours + 1):
            at = self.begins_at + number * HOUR
            yield at, draw(chance, self.mean(at))

    def _share(self, day: date) -> float:
        if day not in self.days:
            chance = random.Random(f"{self.seed} {day}")
            self.days[day] = self._level(day, chance) * math.exp(chance.gauss(0, self.world.day_noise))
        return self.days[day]

    def _level(self, day: date, chance: random.Random) -> float:
        if self.world.year_end and (day.month, day.day) == (1, 1):
            return NEW_YEARS_DAY_SHARE
        if self.world.year_end and ((day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)):
            return YEAR_END_SHARE
        if day.weekday() < 6 and day in PUBLIC_HOLIDAYS:
            return SUNDAY_SHARE * math.exp(chance.gauss(0, self.world.holiday_noise))
        obon = self.world.obon and (8, 13) <= (day.month, day.day) <= (8, 16)
        return WEEKDAY_SHARE[day.weekday()] * (OBON_SHARE if obon and day.weekday() < 5 else 1.0)


PUBLIC_HOLIDAYS = frozenset(holidays.country_holidays("JP", years=range(2015, 2032)))


def draw(chance: random.Random, mean: float) -> int:
    """Poisson around a log-normal mean."""
    shaken = mean * math.exp(chance.gauss(0, NOISE))
    if shaken > SMALL_MEAN:
        return max(0, round(chance.gauss(shaken, math.sqrt(shaken))))
    limit, count, product = math.exp(-shaken), 0, chance.random()
    while product > limit:
        count, product = count + 1, product * chance.random()
    return count
