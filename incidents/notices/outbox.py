"""Sends what is due. A pass claims a batch, sends one message at a time, and commits each by itself."""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import F
from django.utils import timezone

from incidents.lib.errors import Refused
from incidents.models import Delivery, DeliveryState, Subscriber, SubscriberState
from incidents.notices import lease
from incidents.notices.breaker import Breaker
from incidents.notices.channel import Answer, OpenSender, Outcome, Sender
from incidents.notices.channels.email import open_sender
from incidents.notices.owner import new_owner
from incidents.notices.render import TOLD_TO_MANY, Mailroom
from incidents.notices.session import sender_session

log = logging.getLogger(__name__)

RETRY_SECONDS = (30, 120, 600, 1800, 3600, 7200, 14_400)
JITTER = 0.2
MAYBE_SENT_SECONDS = 120
TAKE_OVER_SECONDS = 15.0
RENEW_SECONDS = 15.0
FENCE_SECONDS = 45.0
RECHECK_SECONDS = 1.0
MARK_SENT_SECONDS = 60.0

_breaker = Breaker()
_one_pass_a_process = threading.Lock()


def deliver_due(
    *,
    seconds: float = 60,
    should_stop: Callable[[], bool] = lambda: False,
    open_sender: OpenSender = open_sender,
    breaker: Breaker = _breaker,
) -> int:
    """Sends until nothing is due, `seconds` are over or `should_stop`; returns how many were accepted.

    A second call in the same process returns 0 at once: one process holds one connection.
    """
    if not _one_pass_a_process.acquire(blocking=False):
        return 0
    try:
        with sender_session():
            return _Pass(open_sender, breaker).run(seconds=seconds, should_stop=should_stop)
    finally:
        _one_pass_a_process.release()


def retry_seconds(attempts: int) -> float:
    """The wait after that many attempts, with a fifth of jitter so that a crowd does not come back as one."""
    base = RETRY_SECONDS[min(attempts, len(RETRY_SECONDS)) - 1] if attempts > 0 else RETRY_SECONDS[0]
    return base * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing


class _Pass:
    def __init__(self, open_sender: OpenSender, breaker: Breaker) -> None:
        self._owner = new_owner()
        self._open_sender = open_sender
        self._sender: Sender | None = None
        self._breaker = breaker
        self._mailroom = Mailroom()
        self._renewed_at = time.monotonic()
        self._accepted = 0

    def run(self, *, seconds: float, should_stop: Callable[[], bool]) -> int:
        ends_at = time.monotonic() + seconds

        def is_over() -> bool:
            return time.monotonic() >= ends_at or self._breaker.is_open or self._is_fenced() or should_stop()

        ended = threading.Event()
        renewing = threading.Thread(target=self._renew, args=[ended], name="lease-renewal", daemon=True)
        renewing.start()
        try:
            self._work(is_over)
        finally:
            ended.set()
            if self._sender is not None:
                self._sender.close()
            renewing.join()
        return self._accepted

    def _work(self, is_over: Callable[[], bool]) -> None:
        taken_over_at = float("-inf")
        while not is_over():
            if time.monotonic() - taken_over_at > TAKE_OVER_SECONDS:
                self._take_over()
                taken_over_at = time.monotonic()
            batch = lease.claim(self._owner)
            if not batch:
                return
            self._send_batch(batch, is_over)

    def _take_over(self) -> None:
        taken = lease.take_over(self._owner)
        if taken.parked:
            log.error("%d deliveries parked: the sender died three times over each", taken.parked)
        if taken.given_back:
            log.warning("%d deliveries of a sender that is gone are queued again", taken.given_back)

    def _send_batch(self, batch: list[Delivery], is_over: Callable[[], bool]) -> None:
        loaded_at = time.monotonic()
        try:
            while batch and not is_over():
                if time.monotonic() - loaded_at > RECHECK_SECONDS:
                    _reload(batch)
                    loaded_at = time.monotonic()
                self._handle(batch[0])
                del batch[0]
        except DatabaseError:
            raise
        except Exception:
            lease.count_crash(batch.pop(0))
            raise
        finally:
            if batch:
                lease.give_back(batch, self._owner)

    def _handle(self, delivery: Delivery) -> None:
        now = timezone.now()
        if delivery.expires_at <= now:
            self._end(delivery, DeliveryState.EXPIRED, Answer(Outcome.FAILED, "", "Not sent in time."))
        elif not _may_be_told(delivery):
            self._end(delivery, DeliveryState.CANCELLED, Answer(Outcome.FAILED, "", "No longer subscribed."))
        else:
            self._send(delivery)

    def _send(self, delivery: Delivery) -> None:
        try:
            letter = self._mailroom.letter(delivery)
        except Refused as error:
            self._end(delivery, DeliveryState.FAILED, Answer(Outcome.FAILED, "", str(error)))
            return
        except DatabaseError:
            raise
        except Exception as error:
            log.exception("delivery %s cannot be rendered", delivery.public_id)
            self._end(delivery, DeliveryState.PARKED, Answer(Outcome.FAILED, "", f"Not rendered: {error!r}"))
            return
        if self._sender is None:
            self._sender = self._open_sender()
        self._settle(delivery, self._sender.send(letter))

    def _settle(self, delivery: Delivery, answer: Answer) -> None:
        if answer.outcome is Outcome.SENT:
            self._breaker.succeeded()
            self._mark_sent(delivery, answer)
            self._accepted += 1
            return
        self._count_for_breaker(answer, domain=delivery.subscriber.domain)
        if answer.outcome is Outcome.FAILED:
            self._end(delivery, DeliveryState.FAILED, answer)
        elif answer.outcome is Outcome.UNREACHABLE:
            self._end(delivery, DeliveryState.QUEUED, answer, attempts=F("attempts") - 1)
        else:
            self._put_off(delivery, answer)

    def _count_for_breaker(self, answer: Answer, *, domain: str) -> None:
        if answer.outcome in (Outcome.UNREACHABLE, Outcome.OUR_FAULT) or answer.code == "421":
            self._breaker.failed(domain=domain if answer.is_about_recipient else "")
            log.error("the mail server does not take our mail: %s %s", answer.code, answer.text)
        elif answer.code:
            self._breaker.succeeded()

    def _put_off(self, delivery: Delivery, answer: Answer) -> None:
        maybe_sent = delivery.maybe_sent or answer.outcome is Outcome.MAYBE_SENT
        wait = (
            MAYBE_SENT_SECONDS if answer.outcome is Outcome.MAYBE_SENT else retry_seconds(delivery.attempts)
        )
        due_at = timezone.now() + timedelta(seconds=wait)
        state = DeliveryState.QUEUED if due_at < delivery.expires_at else DeliveryState.EXPIRED
        self._end(delivery, state, answer, next_attempt_at=due_at, maybe_sent=maybe_sent)

    def _end(self, delivery: Delivery, state: DeliveryState, answer: Answer, **changed: object) -> None:
        """Lets go of a row in `state`; without effect where the lease was lost."""
        held = Delivery.objects.filter(pk=delivery.pk, lease_owner=self._owner, state=DeliveryState.SENDING)
        held.update(
            state=state,
            lease_owner="",
            lease_until=None,
            last_code=answer.code[:10],
            last_reply=answer.text[:300],
            **changed,
        )

    def _mark_sent(self, delivery: Delivery, answer: Answer) -> None:
        """Commits at once, and keeps trying through a database outage: forgetting would send it twice."""
        gives_up_at = time.monotonic() + MARK_SENT_SECONDS
        while True:
            try:
                lease.mark_sent(delivery, self._owner, answer)
                return
            except DatabaseError:
                if time.monotonic() > gives_up_at or connection.in_atomic_block:
                    raise
                log.exception("delivery %s was accepted but cannot be marked", delivery.public_id)
                close_old_connections()
                time.sleep(0.5)

    def _renew(self, ended: threading.Event) -> None:
        """Keeps the leases through a long wait for the server. Opens a connection only when it comes to that."""
        try:
            while not ended.wait(RENEW_SECONDS):
                with suppress(DatabaseError):
                    lease.renew(self._owner)
                    self._renewed_at = time.monotonic()
        finally:
            connection.close()

    def _is_fenced(self) -> bool:
        """Whether the leases may have run out unrenewed: another sender may hold the rows by now."""
        return time.monotonic() - self._renewed_at > FENCE_SECONDS


def _may_be_told(delivery: Delivery) -> bool:
    if delivery.notice.kind not in TOLD_TO_MANY:
        return True
    is_of_other_page = delivery.subscriber.page_id != delivery.notice.page_id
    if is_of_other_page and delivery.notice.page.is_private:
        return False
    return delivery.subscriber.state == SubscriberState.ACTIVE


def _reload(batch: list[Delivery]) -> None:
    """Consent as it is now: some time has passed since the claim."""
    subscribers = Subscriber.objects.select_related("page").in_bulk([d.subscriber_id for d in batch])
    for delivery in batch:
        delivery.subscriber = subscribers[delivery.subscriber_id]
