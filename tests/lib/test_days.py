from datetime import date
from zoneinfo import ZoneInfo

import pytest

from incidents.lib.days import day_of, day_starts, days_between, hour_start, hours_of
from tests.make import jst

HOUR = 3600


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Tokyo", date(2026, 3, 8), 24),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Europe/London", date(2026, 3, 29), 23),
        ("Asia/Kathmandu", date(2026, 6, 1), 24),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # begins at 01:00: there is no midnight
        ("Pacific/Apia", date(2011, 12, 30), 0),  # skipped
    ],
)
def test_a_day_is_as_long_as_it_was_in_its_zone(zone: str, day: date, hours: float) -> None:
    place = ZoneInfo(zone)
    starts = day_starts(day, days=2, zone=place)
    assert starts[1] - starts[0] == hours * HOUR
    assert day_of(starts[1], place) > day
    assert sum(end - start for start, end in hours_of((starts[0], starts[1]))) == hours * HOUR


def test_hours_are_those_of_the_wall_clock_where_the_zone_is_a_quarter_off() -> None:
    place = ZoneInfo("Asia/Kathmandu")
    noon = int(jst("2026-06-01 12:00").timestamp())  # 08:45 in Kathmandu
    assert noon - hour_start(noon, place) == 45 * 60


def test_a_stretch_touches_the_days_that_it_has_a_second_of() -> None:
    midnight = int(jst("2026-06-02 00:00").timestamp())
    tokyo = ZoneInfo("Asia/Tokyo")
    assert days_between((midnight - 1, midnight), tokyo) == [(midnight - 24 * HOUR, midnight)]
    assert len(days_between((midnight - 1, midnight + 1), tokyo)) == 2


def test_a_day_that_was_skipped_is_none() -> None:
    apia = ZoneInfo("Pacific/Apia")
    starts = day_starts(date(2011, 12, 29), days=3, zone=apia)
    assert len(days_between((starts[0], starts[3]), apia)) == 2
