"""Evidence that something has changed: likelihood sums (CUSUM), one for each size of change.

A value's evidence is the logarithm of how much likelier it is after a change of that size than without one;
sums of it never fall below nothing. A small change is proved by many values, a large one by two.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Drops by these shares, and rises that are the end of such drops.
SIZES = (0.12, 0.25, 0.6)


@dataclass(frozen=True)
class Sum:
    """The evidence, since when, and what came since against what was usual."""

    evidence: float = 0.0
    since: datetime | None = None
    came: float = 0.0
    expected: float = 0.0

    def to_json(self) -> list[Any]:
        since = self.since and self.since.isoformat()
        return [self.evidence, since, self.came, self.expected]

    @classmethod
    def from_json(cls, stored: list[Any]) -> "Sum":
        evidence, since, came, expected = stored
        return cls(evidence, since and datetime.fromisoformat(since), came, expected)


Sums = tuple[Sum, ...]
NOTHING = Sum()
NONE: Sums = (NOTHING,) * len(SIZES)


@dataclass(frozen=True)
class Came:
    """A value, what was expected, and the beginning of its time."""

    began: datetime
    value: float
    expected: float


def add(sums: Sums, came: Came, *, gains: Iterable[float]) -> Sums:
    return tuple(_add(one, came, gain) for one, gain in zip(sums, gains, strict=True))


def strongest(sums: Sums) -> Sum:
    return max(sums, key=lambda one: one.evidence)


def _add(one: Sum, came: Came, gained: float) -> Sum:
    evidence = max(0.0, one.evidence + gained)
    if evidence == 0.0:
        return NOTHING
    return Sum(evidence, one.since or came.began, one.came + came.value, one.expected + came.expected)
