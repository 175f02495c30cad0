"""Days and uptime as values: tables, and what must hold whatever happened."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.lib.spans import Ranked, second_of
from incidents.models import RANK, ServiceStatus
from incidents.queries.past_days import Calendar, Past, Seconds, declare
from tests.make import jst

NOW = jst("2020-09-04 12:00")
HOUR, DAY = 3600, 86_400
MAINTENANCE, DEGRADED, PARTIAL, MAJOR = 1, 2, 3, 4
WEEK = Calendar.up_to(NOW, days=7, zone=ZoneInfo("Asia/Tokyo"))
LONG_AGO = 0


def at(day: int, hour: float = 0) -> int:
    """A second of the week that ends on 4 September: day 6 is today."""
    return WEEK.bounds[day] + int(hour * HOUR)


def past(
    *ranked: Ranked,
    begins: int = LONG_AGO,
    seen: Mapping[int, Seconds] | None = None,
    watched: range = range(7),
) -> Past:
    return Past(WEEK, begins, declare(ranked, WEEK), seen or {}, watched)


UP = Seconds(operational=DAY)
TODAY = Seconds(operational=12 * HOUR)


def test_a_calendar_ends_now_and_its_days_are_those_of_the_zone() -> None:
    assert (WEEK.day(0), WEEK.day(6)) == (date(2020, 8, 29), date(2020, 9, 4))
    assert [WEEK.length(index) for index in (0, 6)] == [DAY, 12 * HOUR]


@pytest.mark.parametrize(
    ("ranked", "day", "expected"),
    [
        ([], 2, UP),
        ([], 6, TODAY),
        ([(at(2, 10), at(2, 11), MAJOR)], 2, Seconds(DAY - HOUR, major_outage=HOUR)),
        ([(at(2, 23), at(3, 1), PARTIAL)], 3, Seconds(DAY - HOUR, partial_outage=HOUR)),
        ([(at(6, 11), at(6, 12), DEGRADED)], 6, Seconds(11 * HOUR, degraded=HOUR)),
        (
            [(at(2, 10), at(2, 14), DEGRADED), (at(2, 11), at(2, 12), MAJOR)],
            2,
            Seconds(DAY - 4 * HOUR, degraded=3 * HOUR, major_outage=HOUR),
        ),
        (
            [(at(2, 10), at(2, 12), PARTIAL), (at(2, 11), at(2, 13), PARTIAL)],
            2,
            Seconds(DAY - 3 * HOUR, partial_outage=3 * HOUR),
        ),
        (
            [(at(2, 1), at(2, 5), MAINTENANCE), (at(2, 4), at(2, 6), MAJOR)],
            2,
            Seconds(DAY - 5 * HOUR, maintenance=3 * HOUR, major_outage=2 * HOUR),
        ),
    ],
)
def test_declared_outages_count_once_with_the_worst(
    ranked: list[Ranked], day: int, expected: Seconds
) -> None:
    assert past(*ranked).day(day).declared == expected


@pytest.mark.parametrize(
    ("ranked", "seen", "status"),
    [
        ([], None, "operational"),
        ([], Seconds(DAY), "operational"),
        ([], Seconds(DAY - HOUR, partial_outage=HOUR), "partial_outage"),
        ([], Seconds(DAY - HOUR), "operational"),
        ([], Seconds(), "unknown"),
        ([(at(2), at(2, 1), DEGRADED)], Seconds(), "degraded"),
        ([(at(2), at(2, 1), DEGRADED)], Seconds(0, major_outage=DAY), "degraded"),  # people's words first
        ([(at(2), at(2, 1), MAINTENANCE)], None, "maintenance"),
        ([(at(2), at(2, 1), MAINTENANCE)], Seconds(0, major_outage=HOUR), "major_outage"),
        ([(at(2), at(2, 1), MAINTENANCE)], Seconds(), "unknown"),
    ],
)
def test_a_day_is_what_people_told_and_else_what_monitors_saw(
    ranked: list[Ranked], seen: Seconds | None, status: str
) -> None:
    found = past(*ranked, seen={2: seen} if seen is not None else {})
    assert found.day(2).status == status


def test_a_service_without_monitors_is_what_people_told_from_its_beginning_on() -> None:
    found = past(begins=at(3, 6), watched=range(0))
    assert [day.status for day in found.days()] == ["unknown"] * 3 + ["operational"] * 4
    assert found.day(3).declared == Seconds(operational=18 * HOUR, unknown=6 * HOUR)
    assert found.day(3).checks is None
    assert found.first_known == 3


def test_before_monitors_watched_a_day_is_what_people_told() -> None:
    found = past(watched=range(5, 7))
    assert [day.checks is None for day in found.days()] == [True] * 5 + [False] * 2
    assert {day.status for day in found.days()} == {"operational"}


@pytest.mark.parametrize(("unknown", "has_gap"), [(0, False), (900, False), (901, True), (DAY, True)])
def test_silence_of_more_than_a_quarter_of_an_hour_is_a_gap(unknown: int, has_gap: bool) -> None:
    assert past(seen={2: Seconds(DAY - unknown)}).day(2).has_gap == has_gap


def test_a_day_just_begun_is_not_called_unknown_before_its_first_results_are_rolled_up() -> None:
    young = Calendar.up_to(jst("2020-09-04 00:10"), days=7, zone=ZoneInfo("Asia/Tokyo"))
    found = Past(young, LONG_AGO, {}, {6: Seconds()}, range(7))
    assert found.day(6).status == "operational"


@pytest.mark.parametrize(
    ("seconds", "uptime"),
    [
        (Seconds(), None),
        (Seconds(unknown=DAY), None),
        (Seconds(DAY), 1),
        (Seconds(DAY - 864, major_outage=864), 0.99),
        (Seconds(DAY - 864, partial_outage=864), 0.997),
        (Seconds(DAY - 864, degraded=864), 1),
        (Seconds(DAY - 864, maintenance=864), 1),
        (Seconds(9_000, major_outage=1_000, unknown=DAY), 0.9),
    ],
)
def test_uptime_is_the_share_of_known_time_without_outage(seconds: Seconds, uptime: float | None) -> None:
    assert seconds.uptime(weight=0.3) == (uptime if uptime is None else pytest.approx(uptime))


def test_sums_are_those_of_the_days() -> None:
    found = past(
        (at(1, 1), at(1, 3), MAJOR),
        (at(5, 20), at(6, 2), PARTIAL),
        begins=at(0, 12),
        seen={1: Seconds(DAY - 3 * HOUR, major_outage=HOUR), 3: Seconds(), 6: Seconds(11 * HOUR)},
        watched=range(1, 7),
    )
    assert found.declared_in(7) == Seconds(
        operational=6 * DAY - 8 * HOUR, partial_outage=6 * HOUR, major_outage=2 * HOUR, unknown=12 * HOUR
    )
    assert found.declared_in(2) == Seconds(operational=36 * HOUR - 6 * HOUR, partial_outage=6 * HOUR)
    # Of the six days and a half since the service began, half a day was not watched, two hours and a day not seen.
    assert found.seen_in(7) == Seconds(
        operational=4 * DAY - 3 * HOUR + 11 * HOUR,
        major_outage=HOUR,
        unknown=12 * HOUR + 2 * HOUR + DAY + HOUR,
    )
    assert found.seen_in(2) == Seconds(operational=DAY + 11 * HOUR, unknown=HOUR)


ZONES = (
    "Asia/Tokyo",
    "America/New_York",
    "Europe/London",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)
OFFSETS = st.integers(-2 * DAY, 32 * DAY)


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """30 days around a change of the clock, with anything declared and anything seen."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    middle = draw(st.sampled_from(["2026-03-15T12:00Z", "2026-04-10T01:30Z", "2026-11-10T00:00Z"]))
    calendar = Calendar.up_to(datetime.fromisoformat(middle), days=30, zone=zone)
    start = calendar.bounds[0]
    ranked = draw(st.lists(st.tuples(OFFSETS, OFFSETS, st.integers(1, 4)), max_size=8))
    begins = start + draw(OFFSETS)
    declared = [(max(begins, start + a), start + b, rank) for a, b, rank in ranked]
    watched = range(draw(st.integers(max(0, Past(calendar, begins).first_known), 30)), 30)
    seen = {}
    for index in draw(st.sets(st.sampled_from(watched))) if watched else ():
        left = calendar.length(index)
        parts = []
        for _ in range(4):
            parts.append(draw(st.integers(0, left)))
            left -= parts[-1]
        seen[index] = Seconds(parts[0], 0, *parts[1:])
    return Past(calendar, begins, declare(declared, calendar), seen, watched)


@given(pasts())
def test_the_seconds_of_a_day_are_those_it_truly_has(found: Past) -> None:
    for index, day in enumerate(found.days()):
        length = found.calendar.bounds[index + 1] - found.calendar.bounds[index]
        assert sum(day.declared) == length
        assert min(day.declared) >= 0
        if day.checks is not None:
            assert sum(day.checks) == length
            assert min(day.checks) >= 0


@given(pasts(), st.sampled_from([0.0, 0.3, 1.0]))
def test_uptime_lies_between_nothing_and_all_and_is_that_of_the_days(found: Past, weight: float) -> None:
    for days in (1, 7, 30):
        declared, seen = found.declared_in(days), found.seen_in(days)
        last = [found.day(index) for index in range(30 - days, 30)]
        assert declared == Seconds(*map(sum, zip(*(day.declared for day in last), strict=True)))
        assert seen.known == sum(day.checks.known for day in last if day.checks)
        for seconds in (declared, seen):
            assert min(seconds) >= 0
            uptime = seconds.uptime(weight=weight)
            assert uptime is None or 0 <= uptime <= 1
            assert uptime != 1 or not seconds.lost(weight=weight)


@given(pasts())
def test_every_day_that_is_not_plainly_up_is_called_unusual_or_lies_before_the_beginning(found: Past) -> None:
    unusual = set(found.unusual())
    for index, day in enumerate(found.days()):
        if index >= found.first_known and index not in unusual:
            assert day.status == ServiceStatus.OPERATIONAL
            assert not day.has_gap


def test_the_ranks_are_those_of_the_one_ranking() -> None:
    assert [status.value for status in RANK] == list(Seconds._fields[:-1])


def test_a_second_is_cut_the_same_way_at_both_ends() -> None:
    instant = jst("2020-09-04 12:00") + timedelta(microseconds=999_999)
    assert second_of(instant) == second_of(NOW)
