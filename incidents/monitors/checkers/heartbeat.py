"""Judges a job by the pings it sends: late, failed, or started and never finished."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.monitors.reading import Given, read_whole
from incidents.monitors.results import Result

LONGEST_SECONDS = 31 * 86_400


@dataclass(frozen=True)
class Settings:
    period_seconds: int = 3600
    grace_seconds: int = 300


@dataclass(frozen=True)
class Pings:
    """What is known of a job. `started_at` is that of a run not yet ended, `exit_status` of the last to end.

    A plain ping is exit status 0, `/fail` is 1 or whatever else is not 0.
    """

    last_at: datetime | None = None
    exit_status: int = 0
    started_at: datetime | None = None


def read_settings(given: Given) -> Settings:
    return Settings(
        period_seconds=read_whole(given, "period_seconds", default=3600, least=60, most=LONGEST_SECONDS),
        grace_seconds=read_whole(given, "grace_seconds", default=300, least=60, most=LONGEST_SECONDS),
    )


def judge_pings(pings: Pings, now: datetime, settings: Settings) -> Result | None:
    """A result stamped `now`, or None while nothing is known: a job never heard of and not begun."""
    if pings.last_at is None and pings.started_at is None:
        return None
    why = _find_fault(pings, now, settings)
    return Result(now, ok=not why, latency_ms=None, detail=why)


def due_at(pings: Pings, settings: Settings) -> datetime | None:
    """The instant from which a job that stays silent is late: its next ping, or the end of what it began."""
    grace = timedelta(seconds=settings.grace_seconds)
    ends = [pings.started_at + grace] if pings.started_at else []
    if pings.last_at:
        ends.append(pings.last_at + timedelta(seconds=settings.period_seconds) + grace)
    return min(ends, default=None)


def _find_fault(pings: Pings, now: datetime, settings: Settings) -> str:
    if pings.started_at and now - pings.started_at > timedelta(seconds=settings.grace_seconds):
        return f"started at {pings.started_at.isoformat()} and has not ended in {settings.grace_seconds} s"
    if pings.last_at is None:
        return ""
    if pings.exit_status != 0:
        return f"ended with status {pings.exit_status}"
    due = pings.last_at + timedelta(seconds=settings.period_seconds + settings.grace_seconds)
    if now > due:
        return f"expected a ping by {due.isoformat()}"
    return ""
