"""What is usual, and what strays from it: values in, values out."""

import json
import math
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from incidents.lib.calendars import Calendar, DayKind
from incidents.lib.errors import Refused
from incidents.monitors import special
from incidents.monitors.measuring import refresh
from incidents.monitors.places import Place, Rhythm, check_interval
from incidents.monitors.special import Special
from incidents.monitors.usual import Forecast, Slots, Usual, centre, forget, learn, log_count, shift
from tests.make import jst

MONDAY = date(2026, 3, 2).toordinal()
JAPAN = Rhythm("Asia/Tokyo", 3600, Calendar("JP"))
SHARES = (1.0, 0.9, 0.95, 1.0, 1.05, 0.5, 0.4)


def week(
    number: int, *, noise: float = 0.0, growth: float = 0.0, chance: random.Random | None = None
) -> Slots:
    """A week of hourly counts around 1,000 on Mondays."""
    drawn = chance or random.Random(number)
    return {
        weekday * 24 + hour: (
            (
                MONDAY + 7 * number + weekday,
                math.log(1000 * SHARES[weekday]) + growth * number + drawn.gauss(0, noise),
            ),
        )
        for weekday in range(7)
        for hour in range(24)
    }


def weeks(number: int, *, noise: float = 0.0, growth: float = 0.0, seed: int = 1) -> Usual:
    chance, slots = random.Random(seed), Usual().slots
    for one in range(number):
        for slot, entries in week(one, noise=noise, growth=growth, chance=chance).items():
            slots[slot] = (*slots.get(slot, ()), *entries)
    return Usual(slots)


@pytest.mark.parametrize(
    ("count", "low", "high"), [(1000.0, 770, 1290), (50.0, 30, 72), (2.0, 0, 6), (0.0, 0, 2.0)]
)
def test_the_band_is_a_percentage_of_much_and_counting_noise_of_little(
    count: float, low: float, high: float
) -> None:
    logged = log_count(count)
    below, above = Forecast(logged, logged, logged, 0.12, 1.0).band(2.0)
    assert below == pytest.approx(low, abs=max(4, 0.02 * count))
    assert above == pytest.approx(high, abs=max(4, 0.02 * count))


def expecting(least: float, most: float) -> Forecast:
    return Forecast(log_count(most), log_count(least), log_count(most), 0.08, 1.0)


@pytest.mark.parametrize(
    ("count", "sign"), [(1000, -1), (970, -1), (930, 0), (800, 1), (300, 1), (0, 1), (5000, -1)]
)
def test_a_value_is_evidence_of_the_drop_that_it_is_nearer_to(count: float, sign: int) -> None:
    """Half the drop, about, is no evidence of either."""
    evidence = expecting(1000, 1000).evidence_of_drop(count, 0.12, most=5.0)
    assert (evidence > 0.3) - (evidence < -0.3) == sign
    assert abs(evidence) <= 5.0


@pytest.mark.parametrize(("count", "sign"), [(400, 0), (700, 0), (1000, -1), (330, 1)])
def test_on_a_day_of_unsure_kind_what_either_explains_is_no_evidence(count: float, sign: int) -> None:
    evidence = expecting(400, 1000).evidence_of_drop(count, 0.12, most=5.0)
    assert (evidence > 0) - (evidence < 0) == sign


@pytest.mark.parametrize(("count", "sign"), [(1000, -1), (1250, 1), (100_000, 1), (0, -1)])
def test_a_rise_is_proved_the_same_way(count: float, sign: int) -> None:
    evidence = expecting(1000, 1000).evidence_of_rise(count, 0.12, most=5.0)
    assert math.copysign(1, evidence) == sign


def test_one_wild_week_does_not_move_the_centre() -> None:
    calm = weeks(8, noise=0.02)
    wild = replace(
        calm, slots={slot: (*entries[:-1], (entries[-1][0], 0.0)) for slot, entries in calm.slots.items()}
    )
    before, after = (centre(usual, 10, day=MONDAY + 56, per_day=24) for usual in (calm, wild))
    assert before
    assert after
    assert after[0] == pytest.approx(before[0], abs=0.02)


def test_an_hour_seen_once_is_no_habit() -> None:
    assert centre(Usual(week(0)), 10, day=MONDAY + 7, per_day=24) is None


@pytest.mark.parametrize("growth", [-0.01, 0.0, 0.0035, 0.02])
def test_the_trend_is_measured_without_leaning_to_nothing(growth: float) -> None:
    measured = [
        refresh(weeks(13, noise=0.08, growth=growth, seed=seed), day=MONDAY + 91, per_day=24).trend_a_week
        for seed in range(12)
    ]
    assert sum(measured) / len(measured) == pytest.approx(growth, abs=0.0007)


def test_the_scale_is_that_of_the_noise_beside_counting() -> None:
    measured = refresh(weeks(13, noise=0.09), day=MONDAY + 91, per_day=24)
    assert measured.scale == pytest.approx(math.sqrt(0.09**2 - 1 / 900), abs=0.006)
    assert measured.clustering == pytest.approx(1.0, abs=0.2)


def test_working_days_of_one_shape_tell_of_each_other() -> None:
    measured = refresh(weeks(4, noise=0.08), day=MONDAY + 28, per_day=24)
    assert measured.sameness > 0.7
    told = centre(measured, 24 + 10, day=MONDAY + 29, per_day=24)
    assert told
    assert told[0] == pytest.approx(math.log(900), abs=0.05)
    assert told[1] < 1.1


def test_working_days_of_shapes_of_their_own_do_not() -> None:
    plain = weeks(6, noise=0.02)
    odd = {slot: tuple((day, v + (slot * 37 % 11) / 10) for day, v in e) for slot, e in plain.slots.items()}
    assert refresh(Usual(odd), day=MONDAY + 42, per_day=24).sameness < 0.1


def test_days_that_stray_as_a_whole_cluster() -> None:
    chance, plain = random.Random(4), weeks(10, noise=0.05)
    days = {day: chance.gauss(0, 0.08) for entries in plain.slots.values() for day, _ in entries}
    strayed = {slot: tuple((day, v + days[day]) for day, v in e) for slot, e in plain.slots.items()}
    assert refresh(Usual(strayed), day=MONDAY + 70, per_day=24).clustering > 5


def test_what_is_forgotten_is_handed_back_and_what_is_old_goes() -> None:
    usual, forgotten = forget(weeks(3), [Place(10, MONDAY + 7), Place(10, MONDAY + 5)])
    assert [(place.day - MONDAY, round(math.exp(logged))) for place, logged in forgotten] == [(7, 1000)]
    assert [day - MONDAY for day, _ in usual.slots[10]] == [0, 14]
    learnt = learn(usual, [(Place(10, MONDAY + 21), 7.0)], weeks_kept=1)
    assert [day - MONDAY for day, _ in learnt.slots[10]] == [14, 21]


def test_a_shifted_past_is_all_higher_by_as_much() -> None:
    before, after = weeks(3), shift(weeks(3), math.log(2))
    assert after.slots[5][0][1] - before.slots[5][0][1] == pytest.approx(math.log(2), abs=0.001)


def test_the_past_goes_through_json_with_its_gaps() -> None:
    rounded = {
        slot: tuple((day, round(v, 3)) for day, v in e) for slot, e in weeks(5, noise=0.1).slots.items()
    }
    rounded[10] = (rounded[10][0], rounded[10][3])
    usual = Usual(rounded, trend_a_week=0.003, sameness=0.5, levels=(0.1, 0, 0, 0, -0.1), refreshed_on=3)
    assert Usual.from_json(json.loads(json.dumps(usual.to_json()))) == usual


FEBRUARY_11 = date(2026, 2, 11).toordinal()
WEDNESDAY_NOON = 2 * 24 + 12


def known_until(day: int) -> Usual:
    """Ten weeks that end before `day`."""
    moved = {
        slot: tuple((seen - MONDAY + day - day % 7 + 1 - 70, v) for seen, v in e)
        for slot, e in weeks(10).slots.items()
    }
    return Usual(moved, scale=0.08)


def expected_on(day: int, learnt: Special) -> tuple[float, float]:
    told = special.forecast(known_until(day), learnt, Place(WEDNESDAY_NOON, day), rhythm=JAPAN)
    assert told
    return round(math.exp(told.least), -1), round(math.exp(told.most), -1)


@pytest.mark.parametrize(
    ("known", "least", "most"),
    [
        ((), 340, 950),  # from a little quieter than a Sunday to a working day
        (((DayKind.HOLIDAY, 1, 1.0),) * 12, 370, 430),
        (((DayKind.HOLIDAY, 1, 0.0),) * 12, 890, 1010),
        (((DayKind.CLOSED, 1, 1.5),) * 12, 340, 950),
    ],
)
def test_a_holiday_is_as_far_from_a_working_day_as_those_before_it(
    known: tuple[special.Likeness, ...], least: float, most: float
) -> None:
    told = expected_on(FEBRUARY_11, Special(known))
    assert told[0] == pytest.approx(least, rel=0.06)
    assert told[1] == pytest.approx(most, rel=0.06)


def test_the_hours_of_a_holiday_narrow_what_its_others_may_be() -> None:
    learnt = Special()
    for hour in range(12):
        place = Place(2 * 24 + hour, FEBRUARY_11)
        learnt = special.learn(learnt, place, math.log(420), usual=known_until(FEBRUARY_11), rhythm=JAPAN)
    least, most = expected_on(FEBRUARY_11, learnt)
    assert 390 <= least < 420 < most <= 450


def test_a_holiday_s_likeness_is_known_when_it_is_over_unless_something_happened() -> None:
    def day_of(count: float, *, forgotten: bool) -> Special:
        learnt = Special()
        for hour in range(24):
            place = Place(2 * 24 + hour, FEBRUARY_11)
            learnt = special.learn(
                learnt, place, math.log(count), usual=known_until(FEBRUARY_11), rhythm=JAPAN
            )
        learnt = special.forget_day(learnt) if forgotten else learnt
        next_day = Place(3 * 24, FEBRUARY_11 + 1)
        return special.learn(learnt, next_day, 7.0, usual=known_until(FEBRUARY_11), rhythm=JAPAN)

    [(kind, day, likeness)] = day_of(400, forgotten=False).known
    assert (kind, day) == (DayKind.HOLIDAY, FEBRUARY_11)
    assert likeness == pytest.approx(1.0)
    assert day_of(400, forgotten=True).known == ()


@pytest.mark.parametrize(
    ("interval", "step", "parts"),
    [(60, 900, 15), (300, 900, 3), (600, 1200, 2), (900, 900, 1), (3600, 3600, 1), (86_400, 86_400, 1)],
)
def test_values_that_come_more_often_than_every_quarter_are_summed(
    interval: int, step: int, parts: int
) -> None:
    rhythm = Rhythm(interval_seconds=interval)
    assert (rhythm.step_seconds, rhythm.parts) == (step, parts)


@pytest.mark.parametrize(
    ("interval", "at", "slot"),
    [
        (3600, "2026-03-02 01:00", 0),
        (3600, "2026-03-02 00:59:40", 0),
        (3600, "2026-03-02 00:00", 167),
        (900, "2026-03-03 00:15", 96),
        (86_400, "2026-03-03 00:00", 0),
        (86_400, "2026-03-03 00:05", 0),
    ],
)
def test_a_value_belongs_to_the_time_that_its_stamp_ends(interval: int, at: str, slot: int) -> None:
    assert Rhythm("Asia/Tokyo", interval).place_of(jst(at)).slot == slot


@pytest.mark.parametrize("seconds", [10, 59, 90_000, 172_800, 3601, 7000])
def test_an_interval_that_divides_no_day_is_refused_by_its_field(seconds: int) -> None:
    with pytest.raises(Refused) as refused:
        check_interval(seconds)
    assert refused.value.field == "interval_seconds"


@pytest.mark.parametrize("seconds", [60, 300, 900, 1800, 3600, 7200, 86_400])
def test_an_interval_that_divides_a_day_is_taken(seconds: int) -> None:
    check_interval(seconds)
    assert timedelta(days=1) % timedelta(seconds=Rhythm(interval_seconds=seconds).step_seconds) == timedelta(
        0
    )
