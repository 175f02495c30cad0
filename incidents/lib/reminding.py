"""When the owner of something due is reminded of it."""

from datetime import date, timedelta

AHEAD = timedelta(days=7)
AGAIN = timedelta(days=7)


def reminder_day(due_on: date, *, today: date) -> date | None:
    """The latest day up to `today` that has a reminder: a week before, on the day, then each week that it is
    overdue."""
    if today < due_on - AHEAD:
        return None
    if today < due_on:
        return due_on - AHEAD
    return due_on + (today - due_on) // AGAIN * AGAIN


def is_reminder_due(due_on: date, *, today: date, reminded_on: date | None, since: date) -> bool:
    """Whether the reminder of that day is still to be sent; one for a day before `since` never is."""
    day = reminder_day(due_on, today=today)
    return day is not None and day >= since and (reminded_on is None or reminded_on < day)
