"""The next letter, written while the server takes the one before: a sender would spend that time waiting."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from incidents.models import Delivery
from incidents.notices.channel import Letter
from incidents.notices.render import TOLD_TO_MANY


class WrittenAhead:
    """One letter at most, and only for the very row it was written from: one that was loaded again may differ."""

    def __init__(self, write: Callable[[Delivery], Letter]) -> None:
        self._write = write
        self._expected: Delivery | None = None
        self._letter: Letter | None = None

    def expect(self, following: Sequence[Delivery]) -> None:
        """Which comes next, if any. What one person alone is told is written in its turn: it holds links whose
        life begins when it leaves."""
        of_many = [one for one in following if one.notice.kind in TOLD_TO_MANY]
        self._expected, self._letter = of_many[0] if of_many else None, None

    def write(self) -> None:
        """Never raises: what cannot be written is met again, and settled, in its turn."""
        if self._expected is not None:
            with suppress(Exception):
                self._letter = self._write(self._expected)

    def take(self, delivery: Delivery) -> Letter | None:
        """The letter of this row, if it was written."""
        return self._letter if self._expected is delivery else None
