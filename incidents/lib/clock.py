"""The database's clock. A sender whose own clock is wrong neither steals a lease nor sends early."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection

MOST_CORRECTED_SECONDS = 2.0
_NOW = {
    "postgresql": "SELECT clock_timestamp()",
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
}


class DatabaseClock:
    """Asked once a round; between two questions it goes by this machine's steady clock, which never jumps."""

    def __init__(self) -> None:
        self.sync()

    def sync(self) -> datetime:
        self._asked_at = database_now()
        self._steady = time.monotonic()
        return self._asked_at

    def now(self) -> datetime:
        return self._asked_at + timedelta(seconds=time.monotonic() - self._steady)


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(_NOW[connection.vendor])
        (answer,) = cursor.fetchone()
    if isinstance(answer, datetime):
        return answer
    # SQLite's is cut to the millisecond: what was written in this one is due.
    return datetime.fromisoformat(answer).replace(tzinfo=UTC) + timedelta(microseconds=999)


class JumpDetector:
    """Compares the clock on the wall with the steady one, each time it is asked."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._steady = wall, steady
        self._difference = wall() - steady()

    def jump_seconds(self) -> float:
        """By how much the wall's jumped since it was last asked; 0.0 for what is no more than a correction."""
        difference = self._wall() - self._steady()
        jump, self._difference = difference - self._difference, difference
        return jump if abs(jump) > MOST_CORRECTED_SECONDS else 0.0
