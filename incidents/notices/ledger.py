"""Writes down what became of each delivery, one commit each."""

import logging
import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import F, QuerySet

from incidents.lib.clock import DatabaseClock
from incidents.models import Delivery, DeliveryState
from incidents.notices.channel import Answer, Outcome
from incidents.notices.session import execute_often

RETRY_SECONDS = (30, 120, 600, 1800, 3600, 7200, 14_400)
STAFF_RETRY_SECONDS = (10, 20, 40, 60, 120, 300)
JITTER = 0.2
MAYBE_SENT_SECONDS = 120
LONGEST_WAIT_SECONDS = 6 * 3600.0
MARK_SENT_SECONDS = 60.0
NO_LONGER_SUBSCRIBED = "No longer subscribed."
TAKEN_BACK = "Taken back before it was sent."
HIDDEN = "Its page is not for the public any more."
SUPPRESSED = "Nothing is sent to this address."
NOBODY_WAITS = "Acknowledged or over before it was sent."

# Found by its id alone: with the state beside it PostgreSQL may go through all that is leased, each time.
_MARK_SENT = """
    UPDATE incidents_delivery
    SET state = 'sent', sent_at = %s, lease_owner = '', lease_until = NULL, last_code = %s, last_reply = %s
    WHERE id = %s
"""

log = logging.getLogger(__name__)


def retry_seconds(attempts: int, *, waits: Sequence[int] = RETRY_SECONDS) -> float:
    """The wait after that many attempts, with a fifth of jitter so that a crowd does not come back as one."""
    base = waits[min(attempts, len(waits)) - 1] if attempts > 0 else waits[0]
    return base * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing


class Ledger:
    """Of one sender. What it writes has no effect on rows whose lease it lost, but for an acceptance."""

    def __init__(self, owner: str, clock: DatabaseClock) -> None:
        self._owner = owner
        self._clock = clock

    def mark_sent(self, delivery: Delivery, answer: Answer) -> None:
        """Commits at once, and keeps trying through a database outage: forgetting would send it twice."""
        gives_up_at = time.monotonic() + MARK_SENT_SECONDS
        while True:
            try:
                self._mark_sent(delivery, answer)
                return
            except DatabaseError:
                if time.monotonic() > gives_up_at or connection.in_atomic_block:
                    raise
                log.exception("delivery %s was accepted but cannot be marked", delivery.public_id)
                close_old_connections()
                time.sleep(0.5)

    def put_off(self, delivery: Delivery, answer: Answer) -> None:
        """Until its next attempt, or for good where that would come too late."""
        is_maybe = answer.outcome is Outcome.MAYBE_SENT
        waits = RETRY_SECONDS if delivery.contact_id is None else STAFF_RETRY_SECONDS
        wait = MAYBE_SENT_SECONDS if is_maybe else retry_seconds(delivery.attempts, waits=waits)
        wait = max(wait, min(answer.retry_after, LONGEST_WAIT_SECONDS))
        due_at = self._clock.now() + timedelta(seconds=wait)
        if due_at >= delivery.expires_at:
            self.end(delivery, DeliveryState.EXPIRED, answer)
            return
        maybe_sent = delivery.maybe_sent or is_maybe
        self.end(delivery, DeliveryState.QUEUED, answer, next_attempt_at=due_at, maybe_sent=maybe_sent)
        if delivery.contact_id is None:
            _make_wait(_followers(delivery), due_at)

    def wait_until(self, delivery: Delivery, until: datetime) -> None:
        """Unattempted; for good where that would come too late."""
        spared = Answer(Outcome.RETRY, "", f"Not sent before {until:%Y-%m-%d %H:%M} UTC: mails came back.")
        if until >= delivery.expires_at:
            self.end(delivery, DeliveryState.EXPIRED, spared)
            return
        self.end(delivery, DeliveryState.QUEUED, spared, next_attempt_at=until, attempts=F("attempts") - 1)
        _make_wait(_followers(delivery), until)

    def set_aside(self, delivery: Delivery, lane: str) -> None:
        """Unattempted, in a lane that is not served."""
        paused = Answer(Outcome.RETRY, "", "The page's mails are paused.")
        self.end(delivery, DeliveryState.QUEUED, paused, lane=lane, attempts=F("attempts") - 1)

    def release(self, delivery: Delivery, answer: Answer) -> None:
        """Nothing was attempted: it costs no attempt."""
        self.end(delivery, DeliveryState.QUEUED, answer, attempts=F("attempts") - 1)

    def end(self, delivery: Delivery, state: DeliveryState, answer: Answer, **changed: object) -> None:
        Delivery.objects.filter(pk=delivery.pk, lease_owner=self._owner).update(
            state=state,
            lease_owner="",
            lease_until=None,
            last_code=answer.code[:10],
            last_reply=answer.text[:300],
            **changed,
        )

    def _mark_sent(self, delivery: Delivery, answer: Answer) -> None:
        at = connection.ops.adapt_datetimefield_value(self._clock.now())
        values = [at, answer.code[:10], answer.text[:300], delivery.pk]
        if execute_often(f"{_MARK_SENT} AND lease_owner = %s", [*values, self._owner]):
            return
        with connection.cursor() as cursor:
            log.warning("delivery %s was accepted after its lease was lost", delivery.public_id)
            cursor.execute(f"{_MARK_SENT} AND state IN ('queued', 'sending', 'held')", values)


def _followers(delivery: Delivery) -> QuerySet[Delivery]:
    """What is told to the same person of the same thing later on."""
    return Delivery.objects.filter(
        subscriber=delivery.subscriber_id,
        thread=delivery.thread,
        sequence__gt=delivery.sequence,
        state=DeliveryState.QUEUED,
    )


def _make_wait(deliveries: QuerySet[Delivery], due_at: datetime) -> None:
    """They cannot go before it anyway; else every claim would look at them again."""
    deliveries.filter(next_attempt_at__lt=due_at).update(next_attempt_at=due_at)
