"""How old a result may be: one rule for the judge, which says *unknown*, and the page, which shows grey."""

from datetime import timedelta

INTERVALS = 3
LEAST_SECONDS = 90


def patience(interval_seconds: float) -> timedelta:
    """How long the newest result of a monitor is believed: three intervals, at least 90 seconds."""
    return timedelta(seconds=max(INTERVALS * interval_seconds, LEAST_SECONDS))
