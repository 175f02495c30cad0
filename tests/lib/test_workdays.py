from datetime import date

import pytest

from incidents.lib.calendars import Calendar
from incidents.lib.workdays import add_workdays

JAPAN = Calendar("JP")


@pytest.mark.parametrize(
    ("day", "count", "later"),
    [
        ("2026-06-01", 1, "2026-06-02"),
        ("2026-06-05", 1, "2026-06-08"),  # over a weekend
        ("2026-06-06", 1, "2026-06-08"),  # from a Saturday
        ("2026-06-01", 10, "2026-06-15"),
        ("2026-05-01", 1, "2026-05-07"),  # the Golden Week
        ("2026-09-18", 1, "2026-09-24"),  # three holidays in a row
        ("2026-12-28", 1, "2027-01-04"),  # New Year
        ("2020-09-08", 10, "2020-09-24"),
        ("2026-06-01", 0, "2026-06-01"),
    ],
)
def test_business_days_in_japan(day: str, count: int, later: str) -> None:
    assert add_workdays(date.fromisoformat(day), count, JAPAN) == date.fromisoformat(later)


def test_without_a_country_only_weekends_are_left_out() -> None:
    assert add_workdays(date(2026, 5, 1), 1, Calendar()) == date(2026, 5, 4)
