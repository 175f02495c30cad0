from datetime import date, timedelta

import pytest

from incidents.reports.words import choose_year, show_offset


@pytest.mark.parametrize(
    ("month", "day", "start", "year"),
    [
        (9, 4, date(2020, 9, 1), 2020),
        (12, 31, date(2021, 1, 1), 2020),
        (1, 1, date(2020, 12, 31), 2021),
        (3, 3, date(2020, 9, 1), 2020),
        (3, 2, date(2020, 9, 1), 2021),
        (2, 29, date(2024, 1, 1), 2024),
        (2, 29, date(2023, 3, 1), 2023),
    ],
)
def test_the_first_entry_takes_the_year_nearest_to_the_start(
    month: int, day: int, start: date, year: int
) -> None:
    assert choose_year(month=month, day=day, before=None, start=start) == year


@pytest.mark.parametrize(
    ("before", "month", "year"),
    [
        (date(2020, 12, 31), 1, 2021),
        (date(2020, 8, 31), 1, 2021),
        (date(2020, 7, 31), 1, 2020),
        (date(2020, 1, 31), 12, 2020),
        (date(2020, 9, 30), 9, 2020),
    ],
)
def test_a_fall_of_the_month_by_more_than_six_begins_a_new_year(before: date, month: int, year: int) -> None:
    assert choose_year(month=month, day=1, before=before, start=date(2020, 1, 1)) == year


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "UTC+0"), (540, "UTC+9"), (-300, "UTC-5"), (345, "UTC+5:45"), (-210, "UTC-3:30")],
)
def test_an_offset_is_shown_in_hours(minutes: int, shown: str) -> None:
    assert show_offset(timedelta(minutes=minutes)) == shown
