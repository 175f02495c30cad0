"""What a channel is, takes and answers; docs/add-a-channel.md."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from incidents.models import Delivery, Page


class Outcome(StrEnum):
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    OUR_FAULT = "our_fault"  # our configuration or reputation: the subscriber is not to blame
    MAYBE_SENT = "maybe_sent"  # cut off after the whole message was handed over
    UNREACHABLE = "unreachable"  # nothing was attempted for this message
    GONE = "gone"  # the endpoint is no more, or wants nothing of us: nothing is sent there again


@dataclass(frozen=True)
class Answer:
    """`is_about_recipient`: said of this address or its domain, others may be welcome. `is_about_us`: our login
    or our own address is refused, so everybody's message would be. `asks_patience`: slower, please; for
    `retry_after` seconds where it says how long."""

    outcome: Outcome
    code: str = ""
    text: str = ""
    is_about_recipient: bool = False
    is_about_us: bool = False
    asks_patience: bool = False
    retry_after: float = 0


@dataclass(frozen=True)
class Letter:
    """One message to one recipient: an address, a URL or a telephone number.

    `name` is the same at every attempt. `data` is the whole message: of a mail with CRLF line ends. `more` are
    messages that go to the same recipient right after it; each of `secrets` signs them. `sender` and `secrets`
    are empty where a channel knows none.
    """

    name: str
    sender: str
    recipient: str
    data: bytes
    more: tuple[bytes, ...] = ()
    secrets: tuple[str, ...] = ()


class Writer(Protocol):
    """Makes letters during one pass: what many are told alike it prepares once."""

    def letter(self, delivery: Delivery) -> Letter:
        """Refused where this one cannot be told, with the reason."""
        ...


class Sender(Protocol):
    """One kept connection: one message in flight."""

    def send(self, letter: Letter) -> Answer:
        """Never raises for what the other side does, and ends within the channel's time."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class WaitingSender(Sender, Protocol):
    """One that calls `meanwhile` when a letter is handed over and its answer is not there yet."""

    meanwhile: Callable[[], None]


OpenSender = Callable[[], Sender]
OpenWriter = Callable[[], Writer]


@dataclass(frozen=True)
class Greeting:
    """`endpoint` is clean; `challenge` is random."""

    endpoint: str
    secret: str
    challenge: str
    page: Page
    language: str


@dataclass(frozen=True)
class Channel:
    """`name` is the one of `models.Channel`.

    `clean` gives an endpoint as it is stored, or Refused(field="endpoint") saying what was expected. `greet` sends
    the first message of all to an endpoint, once its owner's mail address is confirmed.
    """

    name: str
    clean: Callable[[str], str]
    open_writer: OpenWriter
    open_sender: OpenSender
    greet: Callable[[Greeting], Answer] | None = None
