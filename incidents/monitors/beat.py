"""When a monitor is checked next. Pure."""

import math
from datetime import UTC, datetime, timedelta

RECHECK_SECONDS = 15
GOLDEN_RATIO = 0.6180339887498949


def next_beat(watch_id: int, interval_seconds: float, *, after: datetime) -> datetime:
    """The watch's first beat after an instant. Beats are an interval apart from one another whatever happens, and
    those of many watches are spread evenly over it: after an outage of ours they do not all come at once."""
    phase = watch_id * GOLDEN_RATIO % 1 * interval_seconds
    beats = math.floor((after.timestamp() - phase) / interval_seconds) + 1
    return datetime.fromtimestamp(phase + beats * interval_seconds, UTC)


def next_check(
    watch_id: int, interval_seconds: float, *, began_at: datetime, now: datetime, is_doubtful: bool
) -> datetime:
    """On the beat, but for a failure that decides nothing yet: that is looked at again soon.

    A check that came late, or out of turn, is not followed at once by the one that is due: a beat nearer than
    half an interval is left out.
    """
    if is_doubtful:
        return now + timedelta(seconds=min(RECHECK_SECONDS, interval_seconds))
    nearest = began_at + timedelta(seconds=interval_seconds / 2)
    return next_beat(watch_id, interval_seconds, after=max(nearest, now))
