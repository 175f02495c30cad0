"""How soon the drop of the reference incident is seen, over many seeds of its noise.

`python -m bench.detection [SEEDS]` prints each figure beside its limit and exits 1 where one is missed.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing import Pool
from statistics import median

from incidents.fixtures.make_hea2020100801 import ALLOWED_AT, ONSET_AT, Variant, counts
from incidents.lib.calendars import Calendar
from incidents.monitors.checkers.baseline import DEFAULT_POLICY, UNUSUAL, Policy, SeriesJudgement, judge_value
from incidents.monitors.places import Rhythm
from incidents.monitors.results import Verdict
from incidents.monitors.series import Series

TOKYO_HOURS = Rhythm("Asia/Tokyo", 3600, Calendar("JP"))


@dataclass(frozen=True)
class Run:
    """One seed: false judgements before the drop, the value that told of it (1 is the first), its onset.

    `hopped`: the judgement left *low* while the drop still lasted.
    """

    false: int = 0
    told_by_value: int | None = None
    onset_at: datetime | None = None
    hopped: bool = False

    @property
    def onset_is_near(self) -> bool:
        return self.onset_at is not None and abs(self.onset_at - ONSET_AT) <= timedelta(hours=3)


def measure(seed: int, *, variant: Variant = "step", policy: Policy = DEFAULT_POLICY) -> Run:
    """Plays the counts of `seed`, as they arrive, to the end of the drop."""
    series, run = Series(), Run()
    for at, count in counts(seed, variant=variant):
        if at >= ALLOWED_AT:
            break
        judgement = judge_value(series, at, count, rhythm=TOKYO_HOURS, policy=policy)
        series = judgement.state
        run = _add(run, at, judgement)
    return run


def _add(run: Run, at: datetime, judgement: SeriesJudgement) -> Run:
    if at <= ONSET_AT:
        return replace(run, false=run.false + (judgement.changed and judgement.verdict in UNUSUAL))
    if run.told_by_value is None and judgement.verdict == Verdict.LOW:
        told_by_value = round((at - ONSET_AT) / timedelta(hours=1))
        return replace(run, told_by_value=told_by_value, onset_at=judgement.onset_at)
    hopped = run.told_by_value is not None and judgement.verdict != Verdict.LOW
    return replace(run, hopped=run.hopped or hopped)


def measure_ramp(seed: int) -> Run:
    return measure(seed, variant="ramp")


def share(answers: Iterable[bool]) -> float:
    listed = list(answers)
    return sum(listed) / len(listed)


def figures(runs: list[Run]) -> list[tuple[str, float, bool]]:
    """Each promise with its measured share and whether it is kept."""
    soon = share(run.told_by_value is not None and run.told_by_value <= 5 for run in runs)
    false = share(run.false > 0 for run in runs)
    near = share(run.onset_is_near for run in runs)
    return [
        ("low by the fifth hourly value (at least 95 %)", soon, soon >= 0.95),
        ("false judgement in the six weeks before (at most 10 %)", false, false <= 0.10),
        ("onset within three hours of the true one (at least 80 %)", near, near >= 0.80),
    ]


def main() -> int:
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    with Pool(2) as pool:
        step, ramp = pool.map(measure, seeds, 5), pool.map(measure_ramp, seeds, 5)
    found = figures(step)
    for text, value, kept in found:
        print(f"{value:7.1%}  {text}{'' if kept else '  MISSED'}")
    told = [run.told_by_value or 999 for run in step]
    weeks = 6 * len(step)
    print(f"{median(told):7.1f}  hourly values until the judgement, median (slowest {max(told)})")
    print(f"{sum(run.false for run in step) * 52 / weeks:7.2f}  false judgements a year of normal counts")
    print(f"{share(run.hopped for run in step):7.1%}  left low before the drop was over")
    print("for information, the drop ramped from 24 August on:")
    print(f"{share(run.false > 0 for run in ramp):7.1%}  judged before 1 September 09:00 already")
    print(f"{median(run.told_by_value or 999 for run in ramp):7.1f}  hourly values after it, median")
    return 0 if all(kept for _, _, kept in found) else 1


if __name__ == "__main__":
    sys.exit(main())
