"""What the answer of an endpoint means: for the row, for its lane, and for the subscription."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from incidents.lib.clock import DatabaseClock
from incidents.models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    NoticeKind,
    Subscriber,
    SubscriberState,
)
from incidents.notices import fanout, throttle
from incidents.notices.channel import Answer, Outcome
from incidents.notices.ledger import Ledger
from incidents.notices.settlement import Then

FAILING = timedelta(hours=75)
UNSENT = (DeliveryState.QUEUED, DeliveryState.HELD)

log = logging.getLogger(__name__)


class EndpointSettlement:
    """Of one sender. An endpoint that does not answer holds up no host but its own."""

    def __init__(self, ledger: Ledger, clock: DatabaseClock) -> None:
        self._ledger = ledger
        self._clock = clock

    def settle(self, delivery: Delivery, answer: Answer) -> Then:
        now = self._clock.now()
        if delivery.contact_id is not None:
            self._settle_staff(delivery, answer)
            return Then.GO_ON
        if answer.outcome is Outcome.SENT:
            self._ledger.mark_sent(delivery, answer)
            _note_success(delivery)
            return Then.GO_ON
        if answer.outcome is Outcome.GONE:
            self._ledger.end(delivery, DeliveryState.FAILED, answer)
            disable(delivery.reader, reason=_said(answer), now=now)
        elif answer.outcome is Outcome.FAILED:
            self._ledger.end(delivery, DeliveryState.FAILED, answer)
        else:
            self._ledger.put_off(delivery, answer)
            if not answer.is_about_us:
                _note_failure(delivery.reader, answer, now=now)
        return self._look_at_host(delivery, answer, now=now)

    def _settle_staff(self, delivery: Delivery, answer: Answer) -> None:
        """Each by itself: one that does not answer holds up no other, and is never given up for good."""
        if answer.outcome is Outcome.SENT:
            self._ledger.mark_sent(delivery, answer)
        elif answer.outcome in (Outcome.GONE, Outcome.FAILED):
            self._ledger.end(delivery, DeliveryState.FAILED, answer)
        else:
            self._ledger.put_off(delivery, answer)

    def _look_at_host(self, delivery: Delivery, answer: Answer, *, now: datetime) -> Then:
        """No answer at all, or none to us: the others of the host wait, longer each time from the fifth on."""
        if answer.code and not answer.is_about_us:
            return Then.GO_ON
        throttle.domain_failed(delivery.lane, _said(answer), now=now)
        return Then.STOP


def disable(subscriber: Subscriber, *, reason: str, now: datetime) -> None:
    """Nothing is sent there any more; its owner is told by mail, once."""
    with transaction.atomic():
        held = Subscriber.objects.select_for_update(of=("self",)).select_related("page").get(pk=subscriber.pk)
        if held.state != SubscriberState.ACTIVE:
            return
        held.state = SubscriberState.DISABLED
        held.disabled_reason = reason[:300]
        held.save(update_fields=["state", "disabled_reason"])
        waiting = Delivery.objects.filter(subscriber=held, state__in=UNSENT)
        waiting.update(state=DeliveryState.CANCELLED, last_reply=held.disabled_reason)
        AuditEntry.objects.create(
            at=now,
            actor_name="system",
            action="disable_endpoint",
            object_type="subscriber",
            object_id=str(held.pk),
            after={"reason": held.disabled_reason},
        )
        if held.email:
            fanout.queue_personal(NoticeKind.DISABLED, held)
    log.warning("%s of subscriber %s is disabled: %s", held.channel, held.public_id, reason)


def _note_success(delivery: Delivery) -> None:
    throttle.succeeded(delivery.lane)
    if delivery.reader.failing_since is not None:
        Subscriber.objects.filter(pk=delivery.reader.pk).update(failing_since=None)


def _note_failure(subscriber: Subscriber, answer: Answer, *, now: datetime) -> None:
    since = subscriber.failing_since
    if since is None:
        failing = Subscriber.objects.filter(pk=subscriber.pk, failing_since=None)
        failing.update(failing_since=now)
    elif now - since > FAILING:
        hours = int((now - since).total_seconds() // 3600)
        disable(subscriber, reason=f"Failed for {hours} hours. Last: {_said(answer)}", now=now)


def _said(answer: Answer) -> str:
    return f"{answer.code} {answer.text}".strip()
