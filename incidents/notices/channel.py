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
    """`is_about_recipient`: said of this address or its domain, others may be welcome. `is_about_us`: our login
    or our own address is refused, so everybody's message would be. `asks_patience`: slower, please."""

    outcome: Outcome
    code: str = ""
    text: str = ""
    is_about_recipient: bool = False
    is_about_us: bool = False
    asks_patience: bool = False


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
