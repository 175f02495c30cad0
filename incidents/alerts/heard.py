"""An alert as every format is read: values, no database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MOST_ALERTS = 1_000
LONGEST_KEY, LONGEST_TITLE, LONGEST_LABEL, MOST_LABELS = 300, 300, 200, 50


@dataclass(frozen=True)
class Heard:
    """What a sender says of one thing. `key` is its own name for the thing, or for one outage of it.

    `severity` is empty where it names none. `at` is when the outage began, or ended where `firing` is False; None
    where the sender does not say, or says what is no instant. `labels` are for rules and for staff. `title` is for
    staff alone.
    """

    key: str
    firing: bool
    title: str = ""
    severity: str = ""
    at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


Read = Callable[[Any], list[Heard]]
"""From a decoded payload; an empty list for what changes nothing, such as a test. Refused names the field that is
not as the sender's documentation has it."""
