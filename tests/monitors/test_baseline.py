import json
import math
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.monitors.checkers.baseline import Policy, SeriesJudgement, judge_series, judge_value
from incidents.monitors.judge import judge_silence
from incidents.monitors.results import Verdict
from incidents.monitors.series import Series

MONDAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK_HOURS = 168
Shape = Callable[[int], float]


def by_day(hour: int) -> float:
    """1,000 at two in the afternoon, 200 at two at night."""
    return 600 - 400 * math.cos((hour - 2) % 24 / 24 * 2 * math.pi)


def points(hours: int, factor: Shape = lambda _: 1.0, *, seed: int = 1) -> list[tuple[datetime, float]]:
    """Counts stamped with the end of their hour, shaken by 8 %; `factor` takes the hour's number."""
    chance = random.Random(seed)
    return [
        (MONDAY + HOUR * (hour + 1), round(by_day(hour) * factor(hour) * math.exp(chance.gauss(0, 0.08))))
        for hour in range(hours)
    ]


def play(values: list[tuple[datetime, float]], *, policy: Policy | None = None) -> list[SeriesJudgement]:
    series, judged = Series(), []
    for at, value in values:
        judged.append(judge_value(series, at, value, zone="UTC", policy=policy or Policy()))
        series = judged[-1].state
    return judged


def changes(judged: list[SeriesJudgement]) -> list[Verdict]:
    return [judgement.verdict for judgement in judged if judgement.changed]


def test_two_weeks_are_learnt_before_anything_is_judged() -> None:
    judged = play(points(3 * WEEK_HOURS))
    assert {judgement.verdict for judgement in judged[: 2 * WEEK_HOURS]} == {Verdict.UNKNOWN}
    assert judged[2 * WEEK_HOURS + 3].verdict == Verdict.UP


def test_months_of_usual_counts_stay_up() -> None:
    assert changes(play(points(10 * WEEK_HOURS))) == [Verdict.UP]


def test_a_drop_by_a_third_is_low_from_its_true_onset_and_says_by_how_much() -> None:
    onset = 5 * WEEK_HOURS + 9
    judged = play(points(onset + 24, lambda hour: 2 / 3 if hour >= onset else 1.0))
    newest = judged[-1]
    assert changes(judged) == [Verdict.UP, Verdict.LOW]
    assert newest.onset_at is not None
    assert abs(newest.onset_at - (MONDAY + HOUR * onset)) <= 2 * HOUR
    assert newest.ratio == pytest.approx(2 / 3, abs=0.05)
    assert newest.usual == pytest.approx(by_day(onset + 23), rel=0.15)


def test_a_rise_by_half_is_high() -> None:
    onset = 5 * WEEK_HOURS + 9
    judged = play(points(onset + 24, lambda hour: 1.5 if hour >= onset else 1.0))
    assert changes(judged) == [Verdict.UP, Verdict.HIGH]
    assert judged[-1].ratio == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("factor", [0.0, 9.0])
def test_one_wild_value_is_no_judgement(factor: float) -> None:
    wild = 5 * WEEK_HOURS + 9
    assert changes(play(points(6 * WEEK_HOURS, lambda hour: factor if hour == wild else 1.0))) == [Verdict.UP]


def test_nothing_at_all_is_low_with_the_third_value() -> None:
    onset = 5 * WEEK_HOURS + 9
    judged = play(points(onset + 3, lambda hour: 0.0 if hour >= onset else 1.0))
    assert [judgement.verdict for judgement in judged[-3:]] == [Verdict.UP, Verdict.UP, Verdict.LOW]
    assert judged[-1].onset_at == MONDAY + HOUR * onset


def test_evidence_alone_is_not_enough_without_a_run() -> None:
    onset = 5 * WEEK_HOURS + 9
    judged = play(points(onset + 9, lambda hour: (0.5, 1.1)[(hour - onset) % 2] if hour >= onset else 1.0))
    assert judged[-1].state.low.evidence > Policy().threshold
    assert judged[-1].verdict == Verdict.UP


def test_a_run_alone_is_not_enough_without_evidence() -> None:
    strict = Policy(threshold=1_000)
    onset = 5 * WEEK_HOURS + 9
    judged = play(points(onset + 9, lambda hour: 0.5 if hour >= onset else 1.0), policy=strict)
    assert judged[-1].state.low.run == 9
    assert judged[-1].verdict == Verdict.UP


def test_a_mended_series_is_up_again_and_the_anomaly_was_not_learnt() -> None:
    onset, mended = 5 * WEEK_HOURS, 6 * WEEK_HOURS + 48
    judged = play(points(mended + 24, lambda hour: 0.5 if onset <= hour < mended else 1.0))
    assert changes(judged) == [Verdict.UP, Verdict.LOW, Verdict.UP]
    assert judged[mended + 12].verdict == Verdict.UP
    assert judged[-1].usual == pytest.approx(by_day(mended + 23), rel=0.1)
    assert judged[-1].onset_at is None


def test_a_drop_that_stays_becomes_the_usual_after_three_weeks() -> None:
    onset = 5 * WEEK_HOURS
    again = onset + 5 * WEEK_HOURS
    shape = {True: 0.5, False: 1.0}
    judged = play(points(again + 12, lambda hour: 0.25 if hour >= again else shape[hour >= onset]))
    assert changes(judged) == [Verdict.UP, Verdict.LOW, Verdict.UP, Verdict.LOW]
    adopted = next(i for i, judgement in enumerate(judged) if i > onset + 24 and judgement.changed)
    assert adopted - onset == pytest.approx(21 * 24, abs=6)


def test_steady_growth_is_followed() -> None:
    def grown(hour: int) -> float:
        return math.exp(0.02 * hour / WEEK_HOURS)

    judged = play(points(14 * WEEK_HOURS, grown))
    assert changes(judged) == [Verdict.UP]
    assert judged[-1].state.usual.trend_a_week == pytest.approx(0.02, abs=0.006)


def test_a_few_mails_a_night_are_not_held_to_the_percents_of_noon() -> None:
    chance = random.Random(3)
    few = [
        (MONDAY + HOUR * (hour + 1), float(sum(chance.random() < 0.03 for _ in range(100))))
        for hour in range(8 * WEEK_HOURS)
    ]
    assert changes(play(few)) == [Verdict.UP]


def test_a_series_of_nothing_can_be_judged() -> None:
    nothing = [(MONDAY + HOUR * (hour + 1), 0.0) for hour in range(4 * WEEK_HOURS)]
    assert play(nothing)[-1].verdict == Verdict.UP


def test_the_hour_of_the_week_is_the_zones_own_across_a_change_of_clocks() -> None:
    zone = ZoneInfo("America/New_York")
    began = datetime(2026, 2, 2, 5, 0, tzinfo=UTC)
    stamps = [began + HOUR * (hour + 1) for hour in range(8 * WEEK_HOURS)]
    values = [(at, 1000.0 if 9 <= (at - HOUR).astimezone(zone).hour < 17 else 100.0) for at in stamps]
    series, verdicts = Series(), set()
    for at, value in values:
        judgement = judge_value(series, at, value, zone="America/New_York")
        series = judgement.state
        verdicts.add(judgement.verdict)
    assert verdicts == {Verdict.UNKNOWN, Verdict.UP}


def test_a_push_seconds_early_or_late_counts_for_its_hour() -> None:
    punctual = points(3 * WEEK_HOURS)
    chance = random.Random(5)
    jittered = [(at + timedelta(seconds=chance.randint(-20, 20)), value) for at, value in punctual]
    assert play(jittered)[-1].usual == play(punctual)[-1].usual


def test_a_value_not_newer_than_the_newest_changes_nothing() -> None:
    series = play(points(3 * WEEK_HOURS))[-1].state
    late = judge_value(series, MONDAY + 100 * HOUR, 5.0, zone="UTC")
    assert (late.state, late.changed) == (series, False)


def test_missing_hours_are_no_lows_and_the_onset_is_not_put_into_the_gap() -> None:
    onset = 5 * WEEK_HOURS + 9
    values = points(onset + 6, lambda hour: 0.5 if hour >= onset else 1.0)
    gapped = values[: onset - 40] + values[onset:]
    newest = play(gapped)[-1]
    assert (newest.verdict, newest.onset_at) == (Verdict.LOW, MONDAY + HOUR * onset)


def test_a_silent_series_is_unknown_and_goes_on_where_it_was() -> None:
    onset = 5 * WEEK_HOURS + 9
    values = points(onset + 20, lambda hour: 0.5 if hour >= onset else 1.0)
    before = play(values[:-10])[-1]
    silent = judge_silence(before.state, values[-10][0] + 4 * HOUR, 3600)
    assert (before.verdict, silent.verdict, silent.changed) == (Verdict.LOW, Verdict.UNKNOWN, True)
    after = judge_value(silent.state, *values[-5], zone="UTC")
    assert (after.verdict, after.changed, after.onset_at) == (Verdict.LOW, True, before.onset_at)


def test_the_series_goes_through_json_after_every_value_unchanged() -> None:
    onset = 4 * WEEK_HOURS
    values = points(onset + 30, lambda hour: 0.5 if hour >= onset else 1.0)
    series = play(values[: onset - 5])[-1].state
    for at, value in values[onset - 5 :]:
        series = judge_value(series, at, value, zone="UTC").state
        stored = json.dumps(series.to_json())
        assert Series.from_json(json.loads(stored)) == series
        assert len(stored) < 30_000
    assert Series.from_json({}) == Series()


def test_a_series_judged_at_once_is_as_one_judged_value_by_value() -> None:
    values = points(4 * WEEK_HOURS)
    assert judge_series(values, zone="UTC") == play(values)[-1]


def test_judging_a_value_takes_far_less_than_five_milliseconds() -> None:
    series = play(points(9 * WEEK_HOURS))[-1].state
    began = time.process_time()
    for at, value in ((MONDAY + HOUR * (9 * WEEK_HOURS + n), 500.0) for n in range(1, 49)):
        series = judge_value(series, at, value, zone="UTC").state
    assert (time.process_time() - began) / 48 < 0.005
