import json
import math
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.lib.calendars import Calendar, DayKind
from incidents.monitors.checkers.baseline import (
    Policy,
    SeriesJudgement,
    accept,
    judge_series,
    judge_value,
)
from incidents.monitors.judge import judge_silence
from incidents.monitors.places import Rhythm
from incidents.monitors.results import Verdict
from incidents.monitors.series import Series

MONDAY = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK_HOURS = 168
HOURLY = Rhythm()
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


def play(
    values: Sequence[tuple[datetime, float]], *, policy: Policy | None = None, rhythm: Rhythm = HOURLY
) -> list[SeriesJudgement]:
    series, judged = Series(), []
    for at, value in values:
        judged.append(judge_value(series, at, value, rhythm=rhythm, policy=policy or Policy()))
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


def test_nothing_at_all_is_low_with_the_second_value() -> None:
    onset = 5 * WEEK_HOURS + 9
    judged = play(points(onset + 2, lambda hour: 0.0 if hour >= onset else 1.0))
    assert [judgement.verdict for judgement in judged[-3:]] == [Verdict.UP, Verdict.UP, Verdict.LOW]
    assert judged[-1].onset_at == MONDAY + HOUR * onset


@pytest.mark.parametrize(("drop", "hours"), [(0.12, 24), (0.25, 5), (0.6, 2)])
def test_a_small_drop_takes_more_values_than_a_large_one(drop: float, hours: int) -> None:
    onset = 9 * WEEK_HOURS + 9
    judged = play(points(onset + hours, lambda hour: 1 - drop if hour >= onset else 1.0))
    assert changes(judged) == [Verdict.UP, Verdict.LOW]
    assert judged[-1].ratio == pytest.approx(1 - drop, abs=0.05)


def test_a_slow_sag_is_seen_before_it_is_deep() -> None:
    onset = 9 * WEEK_HOURS
    judged = play(points(onset + 14 * 24, lambda hour: 1 - max(0, hour - onset) * 0.02 / 24))
    at = next(number for number, judgement in enumerate(judged) if judgement.verdict == Verdict.LOW)
    assert (at - onset) * 0.02 / 24 < 0.15


def test_values_that_alternate_around_the_usual_are_no_judgement() -> None:
    onset = 5 * WEEK_HOURS + 9
    judged = play(points(onset + 48, lambda hour: (0.85, 1.15)[hour % 2] if hour >= onset else 1.0))
    assert changes(judged) == [Verdict.UP]


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
        judgement = judge_value(series, at, value, rhythm=Rhythm("America/New_York"))
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
    late = judge_value(series, MONDAY + 100 * HOUR, 5.0, rhythm=HOURLY)
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
    after = judge_value(silent.state, *values[-5], rhythm=HOURLY)
    assert (after.verdict, after.changed, after.onset_at) == (Verdict.LOW, True, before.onset_at)


def test_the_series_goes_through_json_after_every_value_unchanged() -> None:
    onset = 4 * WEEK_HOURS
    values = points(onset + 30, lambda hour: 0.5 if hour >= onset else 1.0)
    series = play(values[: onset - 5])[-1].state
    for at, value in values[onset - 5 :]:
        series = judge_value(series, at, value, rhythm=HOURLY).state
        stored = json.dumps(series.to_json())
        assert Series.from_json(json.loads(stored)) == series
        assert len(stored) < 30_000
    assert Series.from_json({}) == Series()


def test_a_series_judged_at_once_is_as_one_judged_value_by_value() -> None:
    values = points(4 * WEEK_HOURS)
    assert judge_series(values, rhythm=HOURLY) == play(values)[-1]


def test_judging_a_value_takes_far_less_than_a_millisecond() -> None:
    series = play(points(14 * WEEK_HOURS))[-1].state
    began = time.process_time()
    for at, value in ((MONDAY + HOUR * (14 * WEEK_HOURS + n), 500.0) for n in range(1, 49)):
        series = judge_value(series, at, value, rhythm=HOURLY).state
    assert (time.process_time() - began) / 48 < 0.001


@pytest.mark.parametrize(
    ("rhythm", "weeks", "bytes_kept"),
    [
        (Rhythm(), 14, 20_000),
        (Rhythm(interval_seconds=900), 14, 70_000),
        (Rhythm(interval_seconds=86_400), 20, 3_000),
    ],
)
def test_what_is_kept_stays_small(rhythm: Rhythm, weeks: int, bytes_kept: int) -> None:
    steps = weeks * 7 * rhythm.per_day
    series = play([(MONDAY + rhythm.step * (n + 1), 1000.0 + n % 7) for n in range(steps)], rhythm=rhythm)[
        -1
    ].state
    assert len(json.dumps(series.to_json())) < bytes_kept


def shorter(interval: int, hours: int, factor: Shape) -> list[tuple[datetime, float]]:
    """The counts of `by_day` in parts of so many seconds, each shaken by 8 %."""
    chance, parts = random.Random(7), 3600 // interval
    return [
        (
            MONDAY + timedelta(seconds=interval * (number + 1)),
            round(
                by_day(number // parts)
                * 3
                / parts
                * factor(number // parts)
                * math.exp(chance.gauss(0, 0.08))
            ),
        )
        for number in range(hours * parts)
    ]


@pytest.mark.parametrize("interval", [300, 600, 900, 1800])
def test_shorter_intervals_see_a_drop_within_two_hours(interval: int) -> None:
    onset = 4 * WEEK_HOURS + 9
    values = shorter(interval, onset + 2, lambda hour: 0.7 if hour >= onset else 1.0)
    judged = play(values, rhythm=Rhythm(interval_seconds=interval))
    assert changes(judged) == [Verdict.UP, Verdict.LOW]
    assert judged[-1].onset_at is not None
    assert abs(judged[-1].onset_at - (MONDAY + HOUR * onset)) <= HOUR


def test_daily_counts_see_a_halved_day_by_the_second() -> None:
    chance, shares = random.Random(9), (1.0, 1.0, 1.0, 1.0, 1.0, 0.4, 0.35)
    days = 12 * 7
    values = [
        (
            MONDAY + timedelta(days=day + 1),
            round(40_000 * shares[day % 7] * (0.5 if day >= days else 1.0) * math.exp(chance.gauss(0, 0.05))),
        )
        for day in range(days + 2)
    ]
    judged = play(values, rhythm=Rhythm(interval_seconds=86_400))
    assert changes(judged) == [Verdict.UP, Verdict.LOW]


def test_a_step_whose_parts_did_not_all_come_is_no_low() -> None:
    hours = 4 * WEEK_HOURS
    values = shorter(300, hours, lambda _: 1.0)
    holed = [point for number, point in enumerate(values) if number < 12 * (hours - 48) or number % 3]
    judged = play(holed, rhythm=Rhythm(interval_seconds=300))
    assert changes(judged) == [Verdict.UP]
    assert judged[-1].state.newest_at == holed[-1][0]


def test_a_level_that_staff_accept_is_usual_at_once_and_a_drop_from_it_is_seen() -> None:
    onset = 9 * WEEK_HOURS
    judged = play(points(onset + 12, lambda hour: 0.6 if hour >= onset else 1.0))
    accepted = accept(judged[-1].state, rhythm=HOURLY)
    assert (judged[-1].verdict, accepted.verdict, accepted.onset_at) == (Verdict.LOW, Verdict.UP, None)
    series, verdicts = accepted, []
    longer = points(onset + 12 + WEEK_HOURS + 6, lambda hour: 0.3 if hour >= onset + 12 + WEEK_HOURS else 0.6)
    for at, value in longer[onset + 12 :]:
        judgement = judge_value(series, at, value, rhythm=HOURLY)
        series = judgement.state
        verdicts.append(judgement.verdict)
    assert set(verdicts[:WEEK_HOURS]) == {Verdict.UP}
    assert verdicts[-1] == Verdict.LOW


def test_a_series_that_is_usual_has_no_level_to_accept() -> None:
    series = play(points(4 * WEEK_HOURS))[-1].state
    assert accept(series, rhythm=HOURLY) is series


def test_what_was_accepted_stays_so_when_all_is_judged_anew() -> None:
    onset = 9 * WEEK_HOURS
    values = points(onset + 36, lambda hour: 0.6 if hour >= onset else 1.0)
    accepted = accept(play(values[: onset + 12])[-1].state, rhythm=HOURLY)
    anew = judge_series(values, rhythm=HOURLY, before=accepted)
    assert (anew.verdict, anew.state.accepted) == (Verdict.UP, accepted.accepted)
    assert judge_series(values, rhythm=HOURLY).verdict == Verdict.LOW


JAPAN = Rhythm("Asia/Tokyo", 3600, Calendar("JP"))
TOKYO = ZoneInfo("Asia/Tokyo")


def office(
    until: datetime, *, holidays: bool, drop_from: datetime | None = None
) -> list[tuple[datetime, int]]:
    """From 2 February 2026 on, an office's counts; on public holidays as on Sundays, or not."""
    chance, begins, values = random.Random(11), datetime(2026, 2, 2, tzinfo=TOKYO), []
    for number in range(int((until - begins) / HOUR)):
        hour = begins + HOUR * number
        rests = hour.weekday() == 6 or (holidays and Calendar("JP").kind(hour.toordinal()) == DayKind.HOLIDAY)
        usual = by_day(hour.hour) * (0.35 if rests else 0.45 if hour.weekday() == 5 else 1.0)
        usual *= 0.75 if drop_from and hour >= drop_from else 1.0
        values.append((hour + HOUR, round(usual * math.exp(chance.gauss(0, 0.08)))))
    return values


@pytest.mark.parametrize("holidays", [True, False])
def test_public_holidays_are_no_lows_nor_their_absence_highs(holidays: bool) -> None:
    judged = play(office(datetime(2026, 12, 1, tzinfo=TOKYO), holidays=holidays), rhythm=JAPAN)
    assert changes(judged) == [Verdict.UP]


def test_without_a_calendar_a_holiday_is_low() -> None:
    values = office(datetime(2026, 7, 21, tzinfo=TOKYO), holidays=True)
    assert Verdict.LOW in changes(play(values, rhythm=Rhythm("Asia/Tokyo")))


def test_a_drop_on_a_holiday_is_seen_once_some_were_learnt() -> None:
    day = datetime(2026, 9, 22, 9, tzinfo=TOKYO)
    judged = play(office(day + 6 * HOUR, holidays=True, drop_from=day), rhythm=JAPAN)
    assert changes(judged) == [Verdict.UP, Verdict.LOW]


def test_what_an_older_judge_kept_is_a_new_series() -> None:
    assert Series.from_json({"usual": {"slots": {}}, "verdict": "up"}) == Series()
