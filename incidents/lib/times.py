"""The clock of everything that is *said* to have happened.

Leases, attempts and expiries are real and read the real clock; instants that people
read (happened, published, issued) and judgements come from `now()`, which `at()` moves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

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
