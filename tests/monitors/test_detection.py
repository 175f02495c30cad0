"""The reference incident must be seen: with a judge that sees nothing, these tests fail."""

from datetime import timedelta

import pytest

from bench.detection import TOKYO_HOURS, figures, measure
from incidents.fixtures.make_hea2020100801 import ALLOWED_AT, ONSET_AT, USUAL_AGAIN_AT, counts
from incidents.monitors.checkers.baseline import Policy, judge_value
from incidents.monitors.results import Verdict
from incidents.monitors.series import Series

SEEDS = (1, 2, 3, 4, 5, 20200901)
BLIND = Policy(proof=10_000)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_drop_is_seen_by_the_fifth_hourly_value_without_a_false_judgement(seed: int) -> None:
    run = measure(seed)
    assert run.told_by_value is not None
    assert run.told_by_value <= 5
    assert run.false == 0
    assert run.onset_is_near


def test_a_judge_that_sees_nothing_misses_the_limits() -> None:
    kept = [kept for _, _, kept in figures([measure(1, policy=BLIND)])]
    assert kept == [False, True, False]


def test_the_ramp_is_seen_before_it_is_full() -> None:
    assert measure(1, variant="ramp").false > 0


def test_the_surge_after_the_drop_is_high_and_then_all_is_usual() -> None:
    series, told = Series(), []
    for at, count in counts(20200901):
        judgement = judge_value(series, at, count, rhythm=TOKYO_HOURS)
        series = judgement.state
        if judgement.changed:
            told.append((judgement.verdict, at))
    verdicts = [verdict for verdict, _ in told]
    low_at, high_at, up_at = (at for _, at in told[1:])
    assert verdicts == [Verdict.UP, Verdict.LOW, Verdict.HIGH, Verdict.UP]
    assert ONSET_AT < low_at <= ONSET_AT + timedelta(hours=5)
    assert ALLOWED_AT < high_at <= ALLOWED_AT + timedelta(hours=6)
    assert up_at <= USUAL_AGAIN_AT + timedelta(hours=12)
