"""What came back of a mail, and what it means: for the address, for the subscriber, for the page's mail.

Each thing is taken once, however often it is told.
"""

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from incidents.actions import audit
from incidents.actions.leaving import end
from incidents.lib.addresses import without
from incidents.lib.wake import wake
from incidents.models import (
    AuditEntry,
    Channel,
    Delivery,
    MailEvent,
    MailEventKind,
    Notice,
    Page,
    Staff,
    Subscriber,
    SubscriberState,
    Suppression,
    SuppressionReason,
)
from incidents.notices import pausing
from incidents.notices.channel import Answer, Outcome
from incidents.notices.returned import LONGEST_WORDS, Returned, first_code, judge_code, tidy
from incidents.queries.suppressions import find_suppressions, suppression_key

SENDING = "incidents.tasks.deliver_notices"
ACTOR = "mail"
REFUSAL = "smtp"
SOFT_SPAN, SOFT_MANY, SOFT_PAUSE = timedelta(days=7), 3, timedelta(days=3)
"""Three in a week are a mailbox that is full or a server that is away: days, not hours, mend that."""

BURST_SPAN = timedelta(hours=1)
NOTICE_SPAN = timedelta(hours=48)


@dataclass(frozen=True)
class Burst:
    """At least `count` of the last hour's mails, and at least this share of them; looked at anew with `every`
    so many, since to count an hour's mails takes a while."""

    count: int
    share: float
    every: int


BURSTS = {
    # Providers warn at 5 % and suspend at 10 %; below 20 a handful of old addresses is no burst.
    MailEventKind.HARD: Burst(20, 0.05, every=10),
    # Gmail and Yahoo turn senders away from 0.3 % on; one or two complaints are people, not a burst.
    MailEventKind.COMPLAINT: Burst(3, 0.003, every=1),
}

log = logging.getLogger(__name__)


def take_of_delivery(public_id: str, returned: Returned, *, source: str) -> bool:
    """What came back of one mail; tells whether it was news."""
    found = Delivery.objects.filter(public_id=public_id, channel=Channel.EMAIL).select_related("subscriber")
    delivery = found.first()
    if delivery is None:
        return False
    event_id = f"{public_id}:{returned.kind}"
    return _take(delivery.subscriber, returned, delivery=delivery, source=source, event_id=event_id)


def take_of_address(address: str, returned: Returned, *, source: str, event_id: str) -> bool:
    """What a provider tells of an address without saying which mail; of every page that writes to it."""
    digest = hashlib.sha256(event_id.encode()).hexdigest()
    known = Subscriber.objects.filter(email=address, channel=Channel.EMAIL)
    taken = [
        _take(
            one,
            returned,
            delivery=None,
            source=source,
            event_id=f"{source}:{digest}:{one.pk}:{returned.kind}",
        )
        for one in known.order_by("pk")
    ]
    return any(taken)


def take_refusal(delivery: Delivery, answer: Answer) -> None:
    """What the next server said while the mail was handed over, where it is about the address."""
    code = first_code(answer.text)
    is_hard = judge_code(code) is MailEventKind.HARD
    if answer.outcome is Outcome.FAILED and answer.is_about_recipient and is_hard:
        words = tidy(f"{answer.code} {answer.text}")
        take_of_delivery(delivery.public_id, Returned(MailEventKind.HARD, code, words), source=REFUSAL)


@transaction.atomic
def let_mails_go_on(page: Page, *, actor: Staff | None = None) -> int:
    """Answers how many notices go out now; whatever came back until now counts for no other pause."""
    page = Page.objects.select_for_update().get(pk=page.pk)
    if page.mail_paused_at is None:
        return 0
    reason = page.mail_pause_reason
    _write_pause(page, None, "")
    mails = pausing.let_go(page)
    audit.record("let_mails_go_on", page, actor=actor, before={"reason": reason}, after={"mails": mails})
    transaction.on_commit(lambda: wake(SENDING), robust=True)
    return mails


@transaction.atomic
def _take(
    subscriber: Subscriber, returned: Returned, *, delivery: Delivery | None, source: str, event_id: str
) -> bool:
    words = without(subscriber.email, returned.words)[:LONGEST_WORDS]
    _event, is_new = MailEvent.objects.get_or_create(
        event_id=event_id,
        defaults={
            "page_id": subscriber.page_id,
            "subscriber": subscriber,
            "delivery": delivery,
            "kind": returned.kind,
            "code": returned.code[:10],
            "words": words,
            "source": source[:40],
        },
    )
    if not is_new:
        return False
    _ACTS[returned.kind](subscriber, replace(returned, words=words))
    _look_for_burst(subscriber.page_id, returned.kind)
    return True


def _suppress(subscriber: Subscriber, returned: Returned) -> None:
    words = returned.words
    if not find_suppressions(subscriber.email).exists():
        key, reason = suppression_key(subscriber.email), SuppressionReason.BOUNCE
        Suppression.objects.get_or_create(address=key, defaults={"reason": reason, "words": words})
    left = (SubscriberState.UNSUBSCRIBED, SubscriberState.DISABLED)
    same = Subscriber.objects.filter(email=subscriber.email, channel=Channel.EMAIL).exclude(state__in=left)
    for one in same.select_for_update().order_by("pk"):
        one.disabled_reason = words or returned.code
        end(one, SubscriberState.DISABLED)
        audit.record("disable_subscription", one, actor_name=ACTOR, after={"code": returned.code})


def _count_soft(subscriber: Subscriber, returned: Returned) -> None:
    now = timezone.now()
    soft = MailEvent.objects.filter(subscriber=subscriber, kind=MailEventKind.SOFT, at__gt=now - SOFT_SPAN)
    if soft.count() >= SOFT_MANY:
        Subscriber.objects.filter(pk=subscriber.pk).update(paused_until=now + SOFT_PAUSE)


def _unsubscribe(subscriber: Subscriber, returned: Returned) -> None:
    one = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
    if one.state not in (SubscriberState.UNSUBSCRIBED, SubscriberState.DISABLED):
        one.unsubscribed_at = timezone.now()
        end(one, SubscriberState.UNSUBSCRIBED)
        audit.record("unsubscribe", one, actor_name=ACTOR, after={"reason": "complaint"})


_ACTS = {
    MailEventKind.HARD: _suppress,
    MailEventKind.SOFT: _count_soft,
    MailEventKind.COMPLAINT: _unsubscribe,
}


def _look_for_burst(page_id: int, kind: MailEventKind) -> None:
    burst = BURSTS.get(kind)
    if burst is None:
        return
    since = max(timezone.now() - BURST_SPAN, _went_on_at(page_id))
    events = MailEvent.objects.filter(page=page_id, kind=kind, at__gt=since)
    n = events.count()
    if n < burst.count or n % burst.every:
        return
    mails = _sent_since(page_id, since) + events.filter(source=REFUSAL).count()
    if n >= burst.share * mails:
        _pause(page_id, f"{kind} {n}/{max(n, mails)}")


def _sent_since(page_id: int, since: datetime) -> int:
    recent = Notice.objects.filter(created_at__gt=since - NOTICE_SPAN)
    sent = Delivery.objects.filter(notice__in=recent, subscriber__page=page_id, sent_at__gt=since)
    return sent.count()


def _went_on_at(page_id: int) -> datetime:
    entries = AuditEntry.objects.filter(object_type="page", object_id=str(page_id), action="let_mails_go_on")
    last: datetime | None = entries.aggregate(last=Max("at"))["last"]
    return last or datetime.min.replace(tzinfo=UTC)


def _pause(page_id: int, reason: str) -> None:
    page = Page.objects.select_for_update().get(pk=page_id)
    if page.mail_paused_at is not None:
        return
    _write_pause(page, timezone.now(), reason)
    waiting = pausing.set_aside(page)
    audit.record("pause_mails", page, actor_name=ACTOR, after={"reason": reason, "waiting": waiting})
    log.error("mails of %s to many are paused: %s of an hour's mails came back", page.host, reason)


def _write_pause(page: Page, at: datetime | None, reason: str) -> None:
    page.mail_paused_at = at
    page.mail_pause_reason = reason
    page.save(update_fields=["mail_paused_at", "mail_pause_reason"])
