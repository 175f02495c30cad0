from datetime import date

import pytest

from incidents.lib.calendars import Calendar, DayKind, YearDays, read_calendar
from incidents.lib.errors import Refused

JAPAN = Calendar("JP")


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-02-11", DayKind.HOLIDAY),  # National Foundation Day
        ("2026-05-06", DayKind.HOLIDAY),  # in place of one on a Sunday
        ("2026-09-22", DayKind.HOLIDAY),  # between two holidays
        ("2020-07-24", DayKind.HOLIDAY),  # moved in that year alone
        ("2026-02-10", DayKind.USUAL),
        ("2026-04-30", DayKind.UNSURE),  # between holidays and a weekend with one
        ("2026-08-10", DayKind.UNSURE),  # a Monday before a holiday
        ("2026-08-14", DayKind.OBON),
        ("2026-12-28", DayKind.UNSURE),
        ("2026-12-29", DayKind.CLOSED),
        ("2027-01-01", DayKind.NEW_YEARS_DAY),
        ("2027-01-03", DayKind.CLOSED),
        ("2027-01-06", DayKind.USUAL),
        ("2026-06-06", DayKind.USUAL),  # a plain Saturday
        ("2026-06-08", DayKind.USUAL),  # and the Monday after it
    ],
)
def test_a_day_in_japan_has_its_kind(day: str, kind: DayKind) -> None:
    assert JAPAN.kind(date.fromisoformat(day).toordinal()) == kind


def test_without_a_country_no_day_is_special() -> None:
    assert not any(Calendar().is_special(date(2026, 1, 1).toordinal() + day) for day in range(365))


def test_company_holidays_are_given_and_may_reach_over_new_year() -> None:
    calendar = read_calendar({"country": "none", "closed_days": "12-30..01-02, 06-01"}, zone="Asia/Tokyo")
    closed = [
        day for day in range(365) if calendar.kind(date(2026, 1, 1).toordinal() + day) == DayKind.CLOSED
    ]
    assert closed == [0, 1, 151, 363, 364]


@pytest.mark.parametrize(
    ("given", "zone", "calendar"),
    [
        ({}, "Asia/Tokyo", Calendar("JP")),
        ({}, "Europe/Berlin", Calendar()),
        ({"country": "DE"}, "Asia/Tokyo", Calendar("DE")),
        ({"country": "none"}, "Asia/Tokyo", Calendar()),
        ({"closed_days": "08-13..08-16"}, "UTC", Calendar("", (YearDays((8, 13), (8, 16)),))),
        ({"closed_days": " 02-29 , "}, "UTC", Calendar("", (YearDays((2, 29), (2, 29)),))),
    ],
)
def test_the_country_is_that_of_the_zone_unless_set(
    given: dict[str, str], zone: str, calendar: Calendar
) -> None:
    assert read_calendar(given, zone=zone) == calendar


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"country": "Japan"}, "country"),
        ({"country": "ZZ"}, "country"),
        ({"closed_days": "13-08"}, "closed_days"),
        ({"closed_days": "08-13..08-32"}, "closed_days"),
        ({"closed_days": "8/13"}, "closed_days"),
        ({"closed_days": "08-13..08-16..08-17"}, "closed_days"),
    ],
)
def test_a_wrong_calendar_names_its_field(given: dict[str, str], field: str) -> None:
    with pytest.raises(Refused) as refused:
        read_calendar(given, zone="Asia/Tokyo")
    assert refused.value.field == field
