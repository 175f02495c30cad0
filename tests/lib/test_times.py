from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from incidents.lib.times import on_the_clock


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        ("Asia/Tokyo", "2026-03-08T02:30", "2026-03-07T17:30+00:00"),
        ("Asia/Kathmandu", "2026-03-08T02:30", "2026-03-07T20:45+00:00"),
        ("America/New_York", "2026-03-08T01:59", "2026-03-08T06:59+00:00"),
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T07:00+00:00"),  # the clocks go from 2 to 3
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00+00:00"),
        ("America/New_York", "2026-03-08T03:00", "2026-03-08T07:00+00:00"),
        ("America/New_York", "2026-11-01T00:59", "2026-11-01T04:59+00:00"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30+00:00"),  # the first of two
        ("America/New_York", "2026-11-01T02:00", "2026-11-01T07:00+00:00"),
        ("Europe/London", "2026-03-29T01:30", "2026-03-29T01:00+00:00"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00+00:00"),  # a day that was left out
    ],
)
def test_a_wall_time_is_one_instant_even_where_clocks_change(zone: str, wall: str, utc: str) -> None:
    found = on_the_clock(datetime.fromisoformat(wall), ZoneInfo(zone))
    assert found == datetime.fromisoformat(utc)
