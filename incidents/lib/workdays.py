from datetime import date, timedelta

from incidents.lib.calendars import RESTS, Calendar


def add_workdays(day: date, count: int, calendar: Calendar) -> date:
    """The day that many business days later: no Saturday, Sunday, public or company holiday is one."""
    while count:
        day += timedelta(days=1)
        count -= is_workday(day, calendar)
    return day


def is_workday(day: date, calendar: Calendar) -> bool:
    return day.weekday() < 5 and calendar.kind(day.toordinal()) not in RESTS
