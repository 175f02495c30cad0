"""Stops a page's notices to many when too much of its mail comes back, until staff say that it goes on.

A sender who goes on is soon refused by everybody.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from incidents.actions import audit
from incidents.lib.wake import wake
from incidents.models import Channel, Delivery, MailEvent, MailEventKind, Notice, Page, Staff
from incidents.notices import pausing

SENDING = "incidents.tasks.deliver_notices"
ACTOR = "mail"
REFUSAL = "smtp"
NOTICE_SPAN = timedelta(hours=48)
OLDEST_MAIL = timedelta(days=7)


@dataclass(frozen=True)
class Burst:
    """At least `count` in the last `span`, and at least this share of the mails of the time that those came back
    from; looked at anew with `every` so many, since to count the mails takes a while."""

    span: timedelta
    count: int
    share: float
    every: int


BURSTS = {
    # Told within minutes. Providers warn at 5 % and suspend at 10 %; below 20 a handful of old addresses is no
    # burst.
    MailEventKind.HARD: Burst(timedelta(hours=1), 20, 0.05, every=10),
    # Told when readers open the mail. Gmail and Yahoo turn senders away from 0.3 % on; one or two complaints are
    # people, not a burst.
    MailEventKind.COMPLAINT: Burst(timedelta(days=1), 3, 0.003, every=1),
}

log = logging.getLogger(__name__)


def pause_after_burst(page_id: int, kind: MailEventKind) -> None:
    """Looks whether what just came back is one too many; in the transaction that keeps it."""
    burst = BURSTS.get(kind)
    page = Page.objects.get(pk=page_id)
    if burst is None or page.mail_paused_at is not None:
        return
    now = timezone.now()
    since = max(filter(None, (now - burst.span, page.mail_resumed_at)))
    events = MailEvent.objects.filter(page=page_id, kind=kind, at__gt=since)
    n = events.count()
    if n < burst.count or n % burst.every:
        return
    mails = max(n, _count_mails(page_id, events, since=since, oldest=now - OLDEST_MAIL))
    if n >= burst.share * mails:
        _pause(page_id, f"{kind} {n}/{mails}")


@transaction.atomic
def let_mails_go_on(page: Page, *, actor: Staff | None = None) -> int:
    """Answers how many notices go out now; whatever came back until now counts for no other pause."""
    page = Page.objects.select_for_update().get(pk=page.pk)
    if page.mail_paused_at is None:
        return 0
    reason = page.mail_pause_reason
    page.mail_paused_at, page.mail_pause_reason, page.mail_resumed_at = None, "", timezone.now()
    page.save(update_fields=["mail_paused_at", "mail_pause_reason", "mail_resumed_at"])
    mails = pausing.let_go(page)
    audit.record("let_mails_go_on", page, actor=actor, before={"reason": reason}, after={"mails": mails})
    transaction.on_commit(lambda: wake(SENDING), robust=True)
    return mails


def _count_mails(page_id: int, events: QuerySet[MailEvent], *, since: datetime, oldest: datetime) -> int:
    """From the oldest mail on that the events are about, with those that were refused at the door."""
    first: datetime | None = events.aggregate(first=Min("delivery__sent_at"))["first"]
    began_at = max(min(since, first or since), oldest)
    recent = Notice.objects.filter(created_at__gt=began_at - NOTICE_SPAN)
    sent = Delivery.objects.filter(notice__in=recent, channel=Channel.EMAIL, sent_at__gte=began_at)
    return sent.filter(subscriber__page=page_id).count() + events.filter(source=REFUSAL).count()


def _pause(page_id: int, reason: str) -> None:
    page = Page.objects.select_for_update().get(pk=page_id)
    if page.mail_paused_at is not None:
        return
    page.mail_paused_at, page.mail_pause_reason = timezone.now(), reason
    page.save(update_fields=["mail_paused_at", "mail_pause_reason"])
    waiting = pausing.set_aside(page)
    audit.record("pause_mails", page, actor_name=ACTOR, after={"reason": reason, "waiting": waiting})
    log.error("mails of %s to many are paused: %s of its mails came back", page.host, reason)
