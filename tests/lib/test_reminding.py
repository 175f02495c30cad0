from datetime import date, timedelta

import pytest

from incidents.lib.reminding import is_reminder_due, reminder_day

DUE = date(2026, 6, 15)
LONG_AGO = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("days", "of"),
    [(-8, None), (-7, -7), (-1, -7), (0, 0), (6, 0), (7, 7), (13, 7), (14, 14), (700, 700)],
)
def test_the_reminder_of_a_day(days: int, of: int | None) -> None:
    expected = None if of is None else DUE + timedelta(days=of)
    assert reminder_day(DUE, today=DUE + timedelta(days=days)) == expected


@pytest.mark.parametrize(
    ("today", "reminded", "since", "is_due"),
    [
        (-7, None, -30, True),
        (-6, -7, -30, False),
        (-3, None, -30, True),  # the machine was away on the day
        (-3, None, -4, False),  # made after the day of the reminder
        (0, -7, -30, True),
        (0, 0, -30, False),
        (9, 0, -30, True),
        (9, 7, -30, False),
    ],
)
def test_each_reminder_is_due_once(today: int, reminded: int | None, since: int, is_due: bool) -> None:
    def day(offset: int) -> date:
        return DUE + timedelta(days=offset)

    told = None if reminded is None else day(reminded)
    assert is_reminder_due(DUE, today=day(today), reminded_on=told, since=day(since)) is is_due


def test_every_day_run_for_a_month_sends_exactly_the_reminders() -> None:
    reminded, sent = None, []
    for offset in range(-20, 16):
        today = DUE + timedelta(days=offset)
        if is_reminder_due(DUE, today=today, reminded_on=reminded, since=LONG_AGO):
            reminded = today
            sent.append(offset)
    assert sent == [-7, 0, 7, 14]
