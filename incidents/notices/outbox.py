"""Sends what is due. A pass claims a batch, sends one message at a time, and commits each by itself."""

import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime

from django.db import DatabaseError, connection

from incidents.lib.clock import DatabaseClock, database_now
from incidents.lib.errors import Refused
from incidents.lib.owner import new_owner
from incidents.models import (
    STAFF_LANES,
    Channel,
    Delivery,
    DeliveryState,
    Lane,
    ReportState,
    SubscriberState,
    is_endpoint_lane,
)
from incidents.notices import expansion, guard, lease, pausing, staff_alerts, throttle
from incidents.notices.ahead import WrittenAhead
from incidents.notices.channel import (
    Answer,
    Letter,
    OpenSender,
    Outcome,
    Sender,
    WaitingSender,
    Writer,
)
from incidents.notices.endpoints import EndpointSettlement
from incidents.notices.ledger import (
    HIDDEN,
    NO_LONGER_SUBSCRIBED,
    NOBODY_WAITS,
    SUPPRESSED,
    TAKEN_BACK,
    Ledger,
)
from incidents.notices.registry import CHANNELS
from incidents.notices.render import TOLD_TO_MANY
from incidents.notices.session import sender_session
from incidents.notices.settlement import Settlement, TakeRefusal, Then, ignore_refusal
from incidents.notices.staff_letters import StaffWriter
from incidents.queries.suppressions import is_suppressed

log = logging.getLogger(__name__)

FIRST_BATCH, LARGEST_BATCH = 20, 1000
ENDPOINT_BATCH = 20
BATCH_SECONDS = 2.0
TAKE_OVER_SECONDS = 15.0
RENEW_SECONDS = 15.0
FENCE_SECONDS = 45.0
RECHECK_SECONDS = 1.0
POLL_SECONDS = 0.5
IDLE_SECONDS = 5.0

_one_pass_a_process = threading.Lock()


def deliver_due(
    *,
    seconds: float = 60,
    should_stop: Callable[[], bool] = lambda: False,
    open_sender: OpenSender | None = None,
    lanes: Collection[str] = Lane.values,
    lingers: bool = False,
    take_refusal: TakeRefusal = ignore_refusal,
) -> int:
    """Sends until nothing is due, `seconds` are over or `should_stop`; returns how many were accepted.

    Of `lanes` alone; the lanes of single domains go with the notices', those of hosts with the endpoints'. Mail
    goes by `open_sender` where one is given. One that `lingers` waits for more until
    its time is over. A second call in the same process returns 0 at once: a process has one connection, and
    one message under way.
    """
    if not _one_pass_a_process.acquire(blocking=False):
        return 0
    try:
        with sender_session():
            pass_ = _Pass(open_sender, lanes, take_refusal)
            return pass_.run(seconds=seconds, should_stop=should_stop, lingers=lingers)
    finally:
        _one_pass_a_process.release()


class _Pass:
    def __init__(
        self,
        open_sender: OpenSender | None,
        lanes: Collection[str],
        take_refusal: TakeRefusal = ignore_refusal,
    ) -> None:
        self._owner = new_owner()
        self._lanes = lanes
        self._open = {name: channel.open_sender for name, channel in CHANNELS.items()}
        if open_sender is not None:
            self._open[Channel.EMAIL.value] = open_sender
        self._senders: dict[str, Sender] = {}
        self._writers: dict[str, Writer] = {}
        self._staff_writer = StaffWriter()
        self._clock = DatabaseClock()
        self._ledger = Ledger(self._owner, self._clock)
        self._settlement = Settlement(self._ledger, self._clock, take_refusal)
        self._endpoint_settlement = EndpointSettlement(self._ledger, self._clock)
        self._ahead = WrittenAhead(self._letter)
        self._batch = FIRST_BATCH
        self._renewed_at = self._worked_at = time.monotonic()
        self._looked_at = float("-inf")
        self._accepted = 0

    def run(self, *, seconds: float, should_stop: Callable[[], bool], lingers: bool) -> int:
        ends_at = time.monotonic() + seconds

        def is_over() -> bool:
            return time.monotonic() >= ends_at or self._is_fenced() or should_stop()

        ended = threading.Event()
        renewing = threading.Thread(target=self._renew, args=[ended], name="lease-renewal", daemon=True)
        renewing.start()
        try:
            throttle.set_up()
            self._work(is_over, lingers=lingers)
        finally:
            ended.set()
            self._hang_up()
            renewing.join()
        return self._accepted

    def _work(self, is_over: Callable[[], bool], *, lingers: bool) -> None:
        while not is_over():
            if self._round(is_over):
                self._worked_at = time.monotonic()
            elif not lingers:
                return
            else:
                self._rest()

    def _rest(self) -> None:
        """Without a connection that the server would have to close, and without texts that may be edited."""
        if time.monotonic() - self._worked_at > IDLE_SECONDS:
            self._hang_up()
            self._writers.clear()
        time.sleep(POLL_SECONDS)

    def _round(self, is_over: Callable[[], bool]) -> bool:
        """A batch of each lane; tells whether there was anything to do."""
        now = self._clock.sync()
        guard.keep_watch(now=now)
        self._look_after_others(now)
        is_of_many = Lane.NOTICES in self._lanes or Lane.ENDPOINTS in self._lanes
        has_worked = is_of_many and expansion.expand_next(now=now)
        for lane in filter(self._serves, throttle.due_lanes(now)):
            if is_over():
                break
            has_worked |= self._serve(lane, is_over, now=now)
        return has_worked

    def _serves(self, lane: str) -> bool:
        many = Lane.ENDPOINTS if is_endpoint_lane(lane) else Lane.NOTICES
        return (lane if lane in Lane.values else many) in self._lanes

    def _look_after_others(self, now: datetime) -> None:
        """What dead senders held, and what was lost before it was queued."""
        if time.monotonic() - self._looked_at < TAKE_OVER_SECONDS:
            return
        self._looked_at = time.monotonic()
        taken = lease.take_over(self._owner, now=now)
        if taken.parked:
            log.error("%d deliveries parked: the sender died three times over each", taken.parked)
        if taken.given_back:
            log.warning("%d deliveries of a sender that is gone are queued again", taken.given_back)
        pausing.tidy_up()
        if Lane.STAFF in self._lanes:
            staff_alerts.run_due()
        if guard.is_time_to_sweep(now=now):
            expansion.repair(now=now)

    def _serve(self, lane: str, is_over: Callable[[], bool], *, now: datetime) -> bool:
        if is_endpoint_lane(lane):
            return self._serve_endpoints(lane, is_over, now=now)
        gate = self._settlement.admit(now=now)
        if not gate.is_open:
            return False
        wanted = 1 if gate.is_probe else self._batch
        limits = () if lane == Lane.STAFF else self._settlement.limits
        batch = lease.claim(self._owner, lane, wanted=wanted, now=now, limits=limits)
        if not batch:
            if gate.is_probe:
                self._settlement.end_probe(now=now)
            return False
        began_at = time.monotonic()
        self._fit_batch(self._send_batch(batch, is_over), time.monotonic() - began_at)
        return True

    def _serve_endpoints(self, lane: str, is_over: Callable[[], bool], *, now: datetime) -> bool:
        """Whatever the mail server is like, and whatever other hosts are like."""
        batch = lease.claim(self._owner, lane, wanted=ENDPOINT_BATCH, now=now)
        if batch:
            self._send_batch(batch, is_over)
        return bool(batch)

    def _send_batch(self, batch: list[Delivery], is_over: Callable[[], bool]) -> int:
        """How many were settled. Whatever ends it early, what was not attempted is given back."""
        size = len(batch)
        try:
            self._send_all(batch, is_over)
        except DatabaseError:
            raise
        except Exception:
            lease.count_crash(batch.pop(0))
            raise
        finally:
            if batch:
                lease.give_back(batch, self._owner)
        return size - len(batch)

    def _send_all(self, batch: list[Delivery], is_over: Callable[[], bool]) -> None:
        """Takes each from the batch once it is settled; others wait their turn after a while."""
        began_at = loaded_at = time.monotonic()
        while batch and time.monotonic() - began_at < BATCH_SECONDS and not is_over():
            if time.monotonic() - loaded_at > RECHECK_SECONDS:
                batch[:] = lease.load(self._owner, of_endpoints=is_endpoint_lane(batch[0].lane))
                loaded_at = time.monotonic()
                if not batch:
                    return
            letter = self._ahead.take(batch[0])
            self._ahead.expect(batch[1:2])
            then = self._handle(batch[0], letter)
            domain = batch.pop(0).domain
            if then is Then.STOP:
                return
            if then is Then.SPARE_DOMAIN:
                self._spare(domain, batch)

    def _spare(self, domain: str, batch: list[Delivery]) -> None:
        spared = [delivery for delivery in batch if delivery.domain == domain]
        batch[:] = [delivery for delivery in batch if delivery.domain != domain]
        keep = (*STAFF_LANES, Lane.PERSONAL)
        many = [delivery for delivery in spared if delivery.lane not in keep]
        lease.give_back(many, self._owner, lane=domain)
        lease.give_back([delivery for delivery in spared if delivery not in many], self._owner)

    def _fit_batch(self, done: int, seconds: float) -> None:
        """About a second's work, so that what was claimed is soon sent and other lanes soon have their turn."""
        if done:
            self._batch = max(1, min(LARGEST_BATCH, int(done / max(seconds, 0.001))))

    def _handle(self, delivery: Delivery, written: Letter | None) -> Then:
        """`written` is its letter, if there was time to write it before."""
        if delivery.expires_at <= self._clock.now() and not pausing.is_paused(delivery):
            self._ledger.end(delivery, DeliveryState.EXPIRED, Answer(Outcome.FAILED, "", "Not sent in time."))
        elif reason := _reason_to_spare(delivery):
            self._ledger.end(delivery, DeliveryState.CANCELLED, Answer(Outcome.FAILED, "", reason))
        elif pausing.is_paused(delivery):
            self._ledger.set_aside(delivery, pausing.paused_lane(delivery.reader.page_id))
        elif (until := pausing.paused_until(delivery)) and until > self._clock.now():
            self._ledger.wait_until(delivery, until)
        elif letter := written or self._write(delivery):
            return self._send(delivery, letter)
        return Then.GO_ON

    def _write(self, delivery: Delivery) -> Letter | None:
        """None for what cannot be written: it is put aside with the reason."""
        try:
            return self._letter(delivery)
        except Refused as error:
            self._ledger.end(delivery, DeliveryState.FAILED, Answer(Outcome.FAILED, "", str(error)))
        except DatabaseError:
            raise
        except Exception as error:
            log.exception("delivery %s cannot be rendered", delivery.public_id)
            broken = Answer(Outcome.FAILED, "", f"Not rendered: {error!r}")
            self._ledger.end(delivery, DeliveryState.PARKED, broken)
        return None

    def _send(self, delivery: Delivery, letter: Letter) -> Then:
        if delivery.channel not in self._senders:
            sender = self._senders[delivery.channel] = self._open[delivery.channel]()
            if isinstance(sender, WaitingSender):
                sender.meanwhile = self._ahead.write
        began_at = time.monotonic()
        answer = self._senders[delivery.channel].send(letter)
        self._accepted += answer.outcome is Outcome.SENT
        if delivery.channel != Channel.EMAIL:
            return self._endpoint_settlement.settle(delivery, answer)
        return self._settlement.settle(delivery, answer, seconds=time.monotonic() - began_at)

    def _letter(self, delivery: Delivery) -> Letter:
        return self._writer_of(delivery).letter(delivery)

    def _writer_of(self, delivery: Delivery) -> Writer:
        if delivery.contact_id is not None:
            return self._staff_writer
        return self._writer(delivery.channel)

    def _writer(self, channel: str) -> Writer:
        if channel not in self._writers:
            self._writers[channel] = CHANNELS[channel].open_writer()
        return self._writers[channel]

    def _hang_up(self) -> None:
        while self._senders:
            self._senders.popitem()[1].close()

    def _renew(self, ended: threading.Event) -> None:
        """Keeps the leases through a long wait for the server. Opens a connection only when it comes to that."""
        try:
            while not ended.wait(RENEW_SECONDS):
                with suppress(DatabaseError):
                    lease.renew(self._owner, now=database_now())
                    self._renewed_at = time.monotonic()
        finally:
            connection.close()

    def _is_fenced(self) -> bool:
        """Whether the leases may have run out unrenewed: another sender may hold the rows by now."""
        return time.monotonic() - self._renewed_at > FENCE_SECONDS


def _reason_to_spare(delivery: Delivery) -> str:
    """Why it is not told any more; "" if it may be. Who was suppressed is no active subscriber, but may still be
    asked something in person."""
    if (alert := delivery.notice.staff_alert) is not None:
        return "" if alert.is_live else NOBODY_WAITS
    reader = delivery.reader
    if delivery.notice.kind not in TOLD_TO_MANY:
        is_mail = delivery.channel == Channel.EMAIL
        return SUPPRESSED if is_mail and is_suppressed(reader.email) else ""
    if delivery.notice.report is not None and delivery.notice.report.state == ReportState.WITHDRAWN:
        return TAKEN_BACK
    is_of_other_page = reader.page_id != delivery.notice.page_id
    if is_of_other_page and delivery.notice.page.is_private:
        return HIDDEN
    return "" if reader.state == SubscriberState.ACTIVE else NO_LONGER_SUBSCRIBED
