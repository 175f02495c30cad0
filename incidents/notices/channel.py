"""What a channel takes and answers."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    OUR_FAULT = "our_fault"  # our configuration or reputation: the subscriber is not to blame
    MAYBE_SENT = "maybe_sent"  # cut off after the whole message was handed over
    UNREACHABLE = "unreachable"  # nothing was attempted for this message


@dataclass(frozen=True)
class Answer:
    """`is_about_recipient`: said of this one address, before any text was handed over."""

    outcome: Outcome
    code: str = ""
    text: str = ""
    is_about_recipient: bool = False


@dataclass(frozen=True)
class Letter:
    """One message to one person; `data` is the whole message with CRLF line ends."""

    name: str
    sender: str
    recipient: str
    data: bytes


class Sender(Protocol):
    """One kept connection: one message in flight."""

    def send(self, letter: Letter) -> Answer: ...

    def close(self) -> None: ...


OpenSender = Callable[[], Sender]
