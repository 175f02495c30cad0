"""Stops attempts while the mail server is out of order, so that nobody's attempts are used up on it."""

import time
from collections.abc import Callable

FAILURES = 5
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0


class Breaker:
    """Opens after five failures in a row; one probe after each pause, and the pause doubles if it fails.

    Refused recipients of one domain count once: else whoever subscribes five addresses that the server
    always refuses stops everybody's mail.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._domains: set[str] = set()
        self._pause_seconds = 0.0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        return self._pause_seconds > 0 and self._clock() < self._open_until

    def succeeded(self) -> None:
        self._failures = 0
        self._domains.clear()
        self._pause_seconds = 0.0

    def failed(self, *, domain: str = "") -> None:
        """`domain` where the failure may be that domain's alone."""
        if domain in self._domains:
            return
        if domain:
            self._domains.add(domain)
        self._failures += 1
        if self._failures >= FAILURES:
            self._pause_seconds = min(self._pause_seconds * 2 or FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
            self._open_until = self._clock() + self._pause_seconds
