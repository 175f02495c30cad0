from datetime import date

import pytest

from incidents.lib.quarters import Quarter, last_quarters, quarter_of


@pytest.mark.parametrize(
    ("day", "name", "first"),
    [
        ("2020-01-01", "2020-Q1", "2020-01-01"),
        ("2020-03-31", "2020-Q1", "2020-01-01"),
        ("2020-04-01", "2020-Q2", "2020-04-01"),
        ("2020-12-31", "2020-Q4", "2020-10-01"),
    ],
)
def test_the_quarter_of_a_day(day: str, name: str, first: str) -> None:
    quarter = quarter_of(date.fromisoformat(day))
    assert str(quarter) == name
    assert quarter.first_day == date.fromisoformat(first)


def test_the_last_quarters_come_from_the_earliest_on_and_over_new_year() -> None:
    assert last_quarters(date(2021, 2, 1), count=3) == [Quarter(2020, 3), Quarter(2020, 4), Quarter(2021, 1)]
