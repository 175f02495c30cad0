"""What an answer means: for the row, for the mail server, and for the recipient's domain."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto

from incidents.lib.clock import DatabaseClock
from incidents.models import Delivery, DeliveryState, Lane
from incidents.notices import throttle
from incidents.notices.channel import Answer, Outcome
from incidents.notices.ledger import Ledger
from incidents.notices.throttle import Gate

SLOW_SECONDS, SWIFT_SECONDS = 5.0, 1.0
BUSY_CODES = ("421", "454")

log = logging.getLogger(__name__)


TakeRefusal = Callable[[Delivery, Answer], None]
"""Is told of each mail refused for good once that is written down."""


def ignore_refusal(delivery: Delivery, answer: Answer) -> None:
    pass


class Then(Enum):
    """What the sender does with the rest of its batch."""

    GO_ON = auto()
    STOP = auto()
    SPARE_DOMAIN = auto()  # its mails have a lane of their own now, or wait


class Settlement:
    """Of one sender. Failures are counted in the database, for all senders."""

    def __init__(
        self, ledger: Ledger, clock: DatabaseClock, take_refusal: TakeRefusal = ignore_refusal
    ) -> None:
        self._ledger = ledger
        self._take_refusal = take_refusal
        self._clock = clock
        self._host = throttle.host_key()
        self._gate = Gate(is_open=True)
        self._was_swift = False

    def admit(self, *, now: datetime) -> Gate:
        self._gate = throttle.admit(self._host, now=now)
        return self._gate

    @property
    def limits(self) -> tuple[str, ...]:
        """The throttles that a claim in any lane has to keep."""
        return (self._host,) if self._gate.has_rate else ()

    def end_probe(self, *, now: datetime) -> None:
        throttle.end_probe(self._host, now=now)

    def settle(self, delivery: Delivery, answer: Answer, *, seconds: float) -> Then:
        """`seconds` is how long the answer took."""
        self._write(delivery, answer)
        then = self._blame(delivery, answer)
        return then if then is not Then.GO_ON else self._look_at_speed(delivery, seconds)

    def _write(self, delivery: Delivery, answer: Answer) -> None:
        if answer.outcome is Outcome.SENT:
            self._ledger.mark_sent(delivery, answer)
        elif answer.outcome is Outcome.FAILED:
            if delivery.contact_id is None:
                self._tell(delivery, answer)  # first: what is told next waits for this one
            self._ledger.end(delivery, DeliveryState.FAILED, answer)
        elif answer.outcome is Outcome.UNREACHABLE:
            self._ledger.release(delivery, answer)
        else:
            self._ledger.put_off(delivery, answer)

    def _tell(self, delivery: Delivery, answer: Answer) -> None:
        """The mail is settled whatever becomes of this."""
        try:
            self._take_refusal(delivery, answer)
        except Exception:
            log.exception("what was said of delivery %s could not be taken", delivery.public_id)

    def _blame(self, delivery: Delivery, answer: Answer) -> Then:
        if answer.outcome is Outcome.OUR_FAULT and answer.is_about_recipient:
            return self._blame_domain(delivery, answer)
        if _is_of_server(answer):
            return self._blame_host(answer)
        self._clear(delivery, is_sent=answer.outcome is Outcome.SENT)
        if answer.asks_patience:
            throttle.slow_down(delivery.domain, _said(answer), now=self._clock.now())
            return Then.SPARE_DOMAIN
        return Then.GO_ON

    def _blame_domain(self, delivery: Delivery, answer: Answer) -> Then:
        """A domain counts once for the server: else whoever subscribes five addresses that are always refused
        stops everybody's mail."""
        failures = throttle.domain_failed(delivery.domain, _said(answer), now=self._clock.now())
        if failures == 1 and self._blame_host(answer) is Then.STOP:
            return Then.STOP
        return Then.SPARE_DOMAIN

    def _blame_host(self, answer: Answer) -> Then:
        is_paused = throttle.host_failed(
            self._host,
            _said(answer),
            now=self._clock.now(),
            is_probe=self._gate.is_probe,
            at_once=answer.is_about_us,
        )
        self._gate = replace(self._gate, is_open=not is_paused, is_probe=False, has_failed=True)
        return Then.STOP if is_paused else Then.GO_ON

    def _clear(self, delivery: Delivery, *, is_sent: bool) -> None:
        """The server works, and so does the domain where it took something."""
        if self._gate.has_failed:
            throttle.succeeded(self._host)
            self._gate = replace(self._gate, is_open=True, is_probe=False, has_failed=False)
        if is_sent and delivery.lane not in Lane.values:
            throttle.succeeded(delivery.lane)

    def _look_at_speed(self, delivery: Delivery, seconds: float) -> Then:
        """A domain that the server is slow about, while it is swift about others, holds up nobody but itself."""
        was_swift, self._was_swift = self._was_swift, seconds < SWIFT_SECONDS
        if seconds < SLOW_SECONDS or not was_swift or delivery.lane != Lane.NOTICES:
            return Then.GO_ON
        throttle.open_lane(delivery.domain)
        return Then.SPARE_DOMAIN


def _is_of_server(answer: Answer) -> bool:
    if answer.outcome in (Outcome.UNREACHABLE, Outcome.OUR_FAULT, Outcome.MAYBE_SENT):
        return True
    return answer.code in BUSY_CODES or (answer.outcome is Outcome.RETRY and not answer.code)


def _said(answer: Answer) -> str:
    return f"{answer.code} {answer.text}".strip()
