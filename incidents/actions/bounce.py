"""What came back of a mail, and what follows from it: for the address, the subscriber and the page.

Each thing counts once a delivery, whoever tells it: the server's reply, a report, a provider.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from incidents.actions import audit, mail_pause
from incidents.actions.leaving import end
from incidents.actions.suppression import ACTOR, LEFT, suppress
from incidents.lib.addresses import without
from incidents.lib.bounce_codes import Verdict, judge_text
from incidents.lib.lines import one_line
from incidents.models import (
    OF_OUR_SENDING,
    Channel,
    Delivery,
    DeliveryState,
    MailEvent,
    MailEventKind,
    Subscriber,
    SubscriberState,
    SuppressionReason,
)
from incidents.notices.channel import Answer, Outcome
from incidents.notices.render import TOLD_TO_MANY

MOST_WORDS = 300
# A full mailbox is often emptied after a weekend; one that was full after three pauses is not looked at.
SOFT_BOUNCES, SOFT_WINDOW = 3, timedelta(days=7)
PAUSES = (timedelta(days=3), timedelta(days=6), timedelta(days=12))
PAUSES_FORGOTTEN = timedelta(days=30)
# Complaints sooner than this are one: a reader who goes through the inbox.
SAME_COMPLAINT = timedelta(hours=1)
ALARM_EVERY = timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heard:
    """`code` and `words` are the server's, `source` who told it."""

    kind: MailEventKind
    source: str
    code: str = ""
    words: str = ""


def kind_of(verdict: Verdict) -> MailEventKind:
    """What we are to blame for is kept as soft; its code tells it apart."""
    return MailEventKind.HARD if verdict is Verdict.HARD else MailEventKind.SOFT


def take_refusal(delivery: Delivery, answer: Answer) -> None:
    """What the next server said while the mail was handed over, where it is about the address for good."""
    verdict, code = judge_text(answer.text)
    if answer.outcome is Outcome.FAILED and answer.is_about_recipient and verdict is Verdict.HARD:
        words = f"{answer.code} {answer.text}"
        hear_of_delivery(delivery.public_id, Heard(MailEventKind.HARD, mail_pause.REFUSAL, code, words))


def hear_of_delivery(public_id: str, heard: Heard) -> bool:
    """Whether there is such a delivery by mail, and this is news of it."""
    found = Delivery.objects.filter(public_id=public_id, channel=Channel.EMAIL, contact=None)
    delivery = found.select_related("subscriber", "notice").first()
    if delivery is None:
        return False
    return _take(delivery.reader, heard, event_id=f"{public_id}:{heard.kind}", delivery=delivery)


def hear_of_address(address: str, heard: Heard, *, event_id: str) -> bool:
    """Where nobody can say of which mail it is: it counts for the address on every page. `event_id` is the
    provider's own."""
    digest = hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()
    readers = Subscriber.objects.filter(channel=Channel.EMAIL, email=address).order_by("pk")
    news = [
        _take(reader, heard, event_id=f"{heard.source}:{digest}:{reader.pk}:{heard.kind}")
        for reader in readers
    ]
    return any(news)


@transaction.atomic
def _take(known: Subscriber, heard: Heard, *, event_id: str, delivery: Delivery | None = None) -> bool:
    subscriber = _lock(known)
    if subscriber is None:
        return False
    event, is_new = MailEvent.objects.get_or_create(
        event_id=event_id,
        defaults={
            "page_id": subscriber.page_id,
            "subscriber": subscriber,
            "delivery": delivery,
            "kind": heard.kind,
            "code": one_line(heard.code)[:10],
            "words": without(subscriber.email, one_line(heard.words))[:MOST_WORDS],
            "source": heard.source[:40],
        },
    )
    if is_new:
        _act(event, subscriber)
        mail_pause.pause_after_burst(subscriber.page_id, heard.kind)
    return is_new


def _lock(known: Subscriber) -> Subscriber | None:
    """With all subscriptions by mail to its address, in one order; None where it is gone."""
    same = Q(pk=known.pk) | Q(channel=Channel.EMAIL, email=known.email)
    held = Subscriber.objects.select_for_update().filter(same).order_by("pk")
    return next((one for one in held if one.pk == known.pk), None)


def _act(event: MailEvent, subscriber: Subscriber) -> None:
    if event.kind == MailEventKind.COMPLAINT:
        _leave(event, subscriber)
    elif event.kind == MailEventKind.HARD:
        suppress(subscriber.email, reason=SuppressionReason.BOUNCE, words=event.words or event.code)
    elif event.is_of_our_sending:
        _raise_alarm(event)
    else:
        _pause_after_soft(event, subscriber)


def _leave(event: MailEvent, subscriber: Subscriber) -> None:
    """Off this page at once. Whoever never asked for the mail, or complains again, gets none from any page."""
    if subscriber.state not in LEFT:
        subscriber.unsubscribed_at = timezone.now()
        end(subscriber, SubscriberState.UNSUBSCRIBED)
        audit.record("unsubscribe", subscriber, actor_name=ACTOR, after={"reason": "complaint"})
    if _was_unasked(event) or _complained_before(event, subscriber):
        suppress(subscriber.email, reason=SuppressionReason.COMPLAINT)


def _was_unasked(event: MailEvent) -> bool:
    return event.delivery is not None and event.delivery.notice.kind not in TOLD_TO_MANY


def _complained_before(event: MailEvent, subscriber: Subscriber) -> bool:
    complaints = MailEvent.objects.filter(kind=MailEventKind.COMPLAINT, subscriber__email=subscriber.email)
    return complaints.filter(at__lt=event.at - SAME_COMPLAINT).exists()


def _raise_alarm(event: MailEvent) -> None:
    """Once an hour: a mailbox provider that takes offence refuses every mail in the same words."""
    earlier = MailEvent.objects.filter(OF_OUR_SENDING, page=event.page_id, at__gt=event.at - ALARM_EVERY)
    if not earlier.exclude(pk=event.pk).exists():
        log.error("mails are refused for how we send, not for the address (%s): %s", event.code, event.words)


def _pause_after_soft(event: MailEvent, subscriber: Subscriber) -> None:
    now, paused_until = event.at, subscriber.paused_until
    if paused_until and paused_until >= now:
        return
    since = max(filter(None, (now - SOFT_WINDOW, paused_until)))
    soft = MailEvent.objects.filter(subscriber=subscriber, kind=MailEventKind.SOFT, at__gt=since)
    soft = soft.exclude(OF_OUR_SENDING).annotate(mailed_at=Coalesce("delivery__sent_at", "at"))
    arrived_at = _last_arrival(subscriber, before=max(soft.values_list("mailed_at", flat=True)))
    if arrived_at:
        soft = soft.filter(mailed_at__gt=arrived_at)
    if soft.count() >= SOFT_BOUNCES:
        _pause(event, subscriber, now=now)


def _last_arrival(subscriber: Subscriber, *, before: datetime) -> datetime | None:
    """When the last mail left of which nothing came back."""
    sent = Delivery.objects.filter(subscriber=subscriber, state=DeliveryState.SENT, sent_at__lt=before)
    last: datetime | None = sent.filter(mail_events=None).aggregate(last=Max("sent_at"))["last"]
    return last


def _pause(event: MailEvent, subscriber: Subscriber, *, now: datetime) -> None:
    """Each pause is longer than the one before; after the last the address is given up."""
    paused_until = subscriber.paused_until
    pauses = 0 if paused_until is None or paused_until < now - PAUSES_FORGOTTEN else subscriber.pauses
    if pauses >= len(PAUSES):
        suppress(subscriber.email, reason=SuppressionReason.BOUNCE, words=event.words or event.code)
        return
    subscriber.pauses, subscriber.paused_until = pauses + 1, now + PAUSES[pauses]
    subscriber.save(update_fields=["pauses", "paused_until"])
    audit.record("pause_subscription", subscriber, actor_name=ACTOR, after={"pauses": subscriber.pauses})
