"""What a message means for what is known of its key: begun, gone on, ended, or nothing. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incidents.alerts.heard import Heard


class Step(StrEnum):
    OPEN = "open"
    GO_ON = "go_on"
    END = "end"
    IGNORE = "ignore"


@dataclass(frozen=True)
class Known:
    """The newest alert of a key: `started_at` and `ended_at` by the sender's clock where it named them."""

    started_at: datetime
    ended_at: datetime | None = None


def step(heard: Heard, known: Known | None) -> Step:
    """A message that is older than what is known is a replay or came late: it opens and ends nothing."""
    if known is None:
        return Step.OPEN if heard.firing else Step.IGNORE
    if known.ended_at is not None:
        is_new = heard.at is None or (heard.at > known.started_at and heard.at >= known.ended_at)
        return Step.OPEN if heard.firing and is_new else Step.IGNORE
    if heard.firing:
        return Step.GO_ON
    is_late = heard.at is not None and heard.at < known.started_at
    return Step.IGNORE if is_late else Step.END
