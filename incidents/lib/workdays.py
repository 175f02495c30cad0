from datetime import date, timedelta


def add_workdays(day: date, count: int) -> date:
    """The day that many working days later; every day from Monday to Friday counts as one."""
    while count:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day
