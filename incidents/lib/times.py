"""The clock of everything that is *said* to have happened.

Leases, attempts and expiries are real and read the real clock; instants that people
read (happened, published, issued) and judgements come from `now()`, which `at()` moves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_simulated: ContextVar[datetime | None] = ContextVar("simulated", default=None)


def now() -> datetime:
    """The present instant, aware, UTC; the simulated one inside `at()`."""
    return _simulated.get() or datetime.now(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Inside the block `now()` answers `instant`, which must be aware."""
    if instant.tzinfo is None:
        raise ValueError("a simulated instant needs a time zone")
    token = _simulated.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _simulated.reset(token)


def on_the_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in `zone` show the naive `wall`; in UTC.

    Shown twice, it is the first; never shown, because clocks go forward over it, the first minute after that.
    """

    def shown(at: datetime) -> datetime:
        return at.astimezone(zone).replace(tzinfo=None)

    at = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if shown(at) != wall:
        at = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # inside a gap this lies before it
        while shown(at) < wall:
            at += timedelta(minutes=1)
    return at
