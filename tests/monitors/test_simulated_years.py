"""The simulated counts are what they are said to be, and a judge that sees nothing misses the limits."""

import math
from datetime import datetime
from statistics import fmean, pstdev

import pytest

from bench.baseline import figures, simulate
from bench.mailcounts import MailCounts, World
from incidents.fixtures.make_hea2020100801 import TOKYO
from incidents.monitors.checkers.baseline import Policy

EIGHT_WEEKS = 8 * 7 * 24
MARCH = datetime(2026, 3, 2, tzinfo=TOKYO)


def mean(at: str, world: World = World()) -> float:  # noqa: B008 - a value
    return MailCounts(1, MARCH, world).mean(datetime.fromisoformat(f"{at}+09:00"))


@pytest.mark.parametrize(
    ("at", "least", "most"),
    [
        ("2026-03-02T11:00", 3990, 4010),
        ("2026-03-03T04:00", 380, 410),
        ("2027-03-01T11:00", 4780, 4820),
        ("2026-05-06T11:00", 1480, 1510),  # a holiday on a Wednesday
        ("2026-12-31T11:00", 1380, 1410),
        ("2026-08-13T11:00", 4150, 4400),
    ],
)
def test_counts_have_a_day_a_week_growth_and_holidays(at: str, least: float, most: float) -> None:
    assert least <= mean(at) <= most


def test_obon_is_an_option() -> None:
    assert mean("2026-08-13T11:00", World(obon=True)) == pytest.approx(0.7 * mean("2026-08-13T11:00"))


def test_the_noise_is_eight_percent_and_counting() -> None:
    simulated = MailCounts(3, MARCH)
    strays = [math.log(count / simulated.mean(at)) for at, count in simulated.counts(EIGHT_WEEKS)]
    assert fmean(strays) == pytest.approx(0, abs=0.01)
    assert 0.08 < pstdev(strays) < 0.1


def test_a_seed_is_one_past() -> None:
    assert simulate(5, hours=48, shares=()).false == simulate(5, hours=48, shares=()).false
    assert list(MailCounts(5, MARCH).counts(9)) == list(MailCounts(5, MARCH).counts(9))


def test_drops_are_seen_and_a_judge_that_sees_nothing_misses_the_limits() -> None:
    seen = figures([simulate(1, hours=EIGHT_WEEKS)])
    blind = figures([simulate(1, hours=EIGHT_WEEKS, policy=Policy(proof=10_000))])
    assert [kept for _, _, kept in seen[:3]] == [True] * 3
    assert [kept for _, _, kept in blind[:5]] == [False] * 4 + [True]
