"""How soon drops of simulated hourly mail counts are seen, and how often nothing is mistaken for one.

`python -m bench.baseline [YEARS]` simulates that many years (50), each with an eight weeks' past, prints each
figure beside its limit and exits 1 where one is missed.
"""

import random
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from multiprocessing import Pool
from statistics import fmean, median

from bench.mailcounts import HOUR, MailCounts, World, draw
from incidents.fixtures.make_hea2020100801 import TOKYO
from incidents.lib.calendars import Calendar
from incidents.monitors.checkers.baseline import DEFAULT_POLICY, UNUSUAL, Policy, judge_value
from incidents.monitors.places import Rhythm
from incidents.monitors.results import Verdict
from incidents.monitors.series import Series

RHYTHM = Rhythm("Asia/Tokyo", 3600, Calendar("JP"))
PLAIN = World()
WARM_UP_HOURS = 8 * 7 * 24
YEAR_HOURS = 365 * 24
LONGEST = 96
DROPS_A_YEAR = 40
NOT_SEEN = 999


@dataclass(frozen=True)
class Drop:
    """The value that told of it, 1 being the first; `onset_off`: hours from its true beginning."""

    share: float
    began: datetime
    told_by: int = NOT_SEEN
    onset_off: float = NOT_SEEN

    @property
    def part_of_day(self) -> str:
        local = self.began.astimezone(TOKYO)
        day = "weekend" if local.weekday() >= 5 else "working day"
        return f"{day}, {'night (20-6)' if local.hour >= 20 or local.hour < 6 else 'day (6-20)'}"

    @property
    def kind_of_day(self) -> str:
        day = self.began.astimezone(TOKYO).toordinal()
        special = any(RHYTHM.calendar.is_special(one) for one in (day, day + 1))
        return "special day, or the one before" if special else "day like others"


@dataclass(frozen=True)
class Year:
    """One simulated year: false judgements with their instants, the drops tried, the seconds it took."""

    false: tuple[tuple[datetime, str], ...]
    false_while_young: int
    drops: tuple[Drop, ...]
    seconds_a_value: float


def simulate(
    seed: int,
    *,
    hours: int = YEAR_HOURS,
    world: World = PLAIN,
    shares: Sequence[float] = (0.25, 0.12),
    policy: Policy = DEFAULT_POLICY,
) -> Year:
    """Plays a year through the judge, eight weeks of warming up before it. At random hours a drop is tried beside
    it, which the year goes on without.
    """
    chance = random.Random(f"{seed} drops")
    begins_at = datetime(2016 + seed % 10, 1, 1, tzinfo=TOKYO) + timedelta(days=chance.randrange(365))
    simulated = MailCounts(seed, begins_at, world)
    tried = dict.fromkeys(chance.sample(range(WARM_UP_HOURS, WARM_UP_HOURS + hours), DROPS_A_YEAR))
    series, false, drops = Series(), [], []
    began = time.process_time()
    for number, (at, count) in enumerate(simulated.counts(WARM_UP_HOURS + hours)):
        if number in tried and series.verdict == Verdict.UP:
            drops.append((at, series))
        judgement = judge_value(series, at, count, rhythm=RHYTHM, policy=policy)
        series = judgement.state
        if judgement.changed and judgement.verdict in UNUSUAL:
            false.append((at, judgement.verdict.value))
    seconds = time.process_time() - began
    young = begins_at + WARM_UP_HOURS * HOUR
    return Year(
        false=tuple(one for one in false if one[0] > young),
        false_while_young=sum(at <= young for at, _ in false),
        drops=tuple(
            _try(series, at, share, simulated=simulated, policy=policy)
            for at, series in drops
            for share in shares
        ),
        seconds_a_value=seconds / (WARM_UP_HOURS + hours),
    )


def _try(series: Series, first: datetime, share: float, *, simulated: MailCounts, policy: Policy) -> Drop:
    chance = random.Random(f"{simulated.seed} {first} {share}")
    drop = Drop(share, first - HOUR)
    for number in range(LONGEST):
        at = first + number * HOUR
        count = draw(chance, (1 - share) * simulated.mean(at))
        judgement = judge_value(series, at, count, rhythm=RHYTHM, policy=policy)
        series = judgement.state
        if judgement.verdict == Verdict.LOW and judgement.onset_at:
            return replace(drop, told_by=number + 1, onset_off=(judgement.onset_at - drop.began) / HOUR)
    return drop


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def told(drops: Iterable[Drop], share: float) -> list[int]:
    return [drop.told_by for drop in drops if drop.share == share]


def figures(years: Sequence[Year]) -> list[tuple[str, float, bool]]:
    """Each promise with what was measured and whether it is kept."""
    drops = [drop for year in years for drop in year.drops]
    large, small = told(drops, 0.25), told(drops, 0.12)
    false = sum(len(year.false) for year in years) / len(years)
    found = [
        ("25 % drop: low by this hourly value, median (at most 3)", median(large), 3),
        ("25 % drop: in 95 % (at most 5)", percentile(large, 0.95), 5),
        ("12 % drop: low by this hourly value, median (at most 12)", median(small), 12),
        ("12 % drop: in 95 % (at most 24)", percentile(small, 0.95), 24),
        ("false judgements a year (at most 1)", false, 1),
        ("microseconds a value (at most 1000)", 1e6 * fmean(year.seconds_a_value for year in years), 1000),
    ]
    return [(text, value, value <= limit) for text, value, limit in found]


def by_beginning(years: Sequence[Year]) -> Iterator[str]:
    drops = [drop for year in years for drop in year.drops]
    parts: dict[str, list[Drop]] = {}
    for drop in drops:
        for part in (drop.part_of_day, drop.kind_of_day):
            parts.setdefault(part, []).append(drop)
    for part, here in sorted(parts.items()):
        shares = "   ".join(_shares(told(here, share), share) for share in (0.25, 0.12))
        yield f"  {part:32} {shares}   of {len(here)}"


def _shares(values: Sequence[int], share: float) -> str:
    return f"{share:.0%}: {median(values):3g} / {percentile(values, 0.95):3g}"


def main() -> int:
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
    with Pool(2) as pool:
        years = pool.map(simulate, seeds, 1)
        others = {
            text: pool.map(partial(simulate, world=world, shares=()), seeds, 1)
            for text, world in OTHER_WORLDS.items()
        }
    found = figures(years)
    for text, value, kept in found:
        print(f"{value:8.2f}  {text}{'' if kept else '  MISSED'}")
    print(
        f"median / 95 % of the hourly values until low, by when the drop began ({NOT_SEEN}: not in {LONGEST}):"
    )
    print("\n".join(by_beginning(years)))
    print("for information, false judgements a year:")
    print(f"{52 / 6 * fmean(year.false_while_young for year in years):8.2f}  in the third to eighth week")
    for text, simulated in others.items():
        print(f"{fmean(len(year.false) for year in simulated):8.2f}  {text}")
    return 0 if all(kept for _, _, kept in found) else 1


OTHER_WORLDS = {
    "where Obon brings 0.7 of a working day, which nobody told": World(obon=True),
    "where whole days stray by 4 % besides": World(day_noise=0.04),
    "where a tenth of the mails comes": World(peak=400),
}

if __name__ == "__main__":
    sys.exit(main())
