"""Who is told: one notice, and one delivery per subscriber, written in the transaction that publishes.

Its caller wakes the sender once the transaction is committed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from incidents.models import (
    UPDATE_LIFE,
    AudiencePart,
    Delivery,
    DeliveryState,
    Incident,
    Lane,
    Notice,
    NoticeKind,
    Page,
    Report,
    Subscriber,
    SubscriberState,
    Update,
    UpdateScope,
)
from incidents.notices import expansion

PERSONAL_LIFE = timedelta(hours=48)


def queue_update(update: Update, *, hold_until: datetime) -> Notice:
    """Tells `update` to its audience once the hold is over; call it inside the publishing transaction."""
    incident = update.incident
    service_ids = update.scope.values_list("service_id", flat=True)
    notice = _open_notice(NoticeKind.UPDATE, incident, due_at=hold_until, update=update)
    expansion.fix_audience(notice, audience(incident.page, service_ids, incident))
    return notice


def queue_report(report: Report) -> Notice:
    """Tells that `report` is issued, to those who were told of its incident or follow its service."""
    incident = report.incident
    notice = _open_notice(NoticeKind.REPORT, incident, due_at=timezone.now(), report=report)
    expansion.fix_audience(notice, audience(incident.page, [report.service_id], incident))
    return notice


def queue_personal(kind: str, subscriber: Subscriber) -> Notice:
    """A mail for one person (confirm, already, manage), in the lane that no fan-out delays."""
    now = timezone.now()
    expires_at = now + PERSONAL_LIFE
    notice = Notice.objects.create(
        page=subscriber.page, kind=kind, audience=1, created_at=now, due_at=now, expires_at=expires_at
    )
    Delivery.objects.create(
        notice=notice,
        subscriber=subscriber,
        lane=Lane.PERSONAL,
        domain=subscriber.domain,
        next_attempt_at=now,
        expires_at=expires_at,
    )
    return notice


def cancel_update(update: Update) -> int:
    """Takes back what is still waiting, such as during the hold; returns how many will not be told."""
    expansion.expand_all(AudiencePart.objects.filter(notice__update=update), now=timezone.now())
    waiting = Delivery.objects.filter(notice__update=update, state=DeliveryState.QUEUED, attempts=0)
    return waiting.update(state=DeliveryState.CANCELLED)


def audience(
    page: Page, service_ids: Iterable[int], incident: Incident | None = None
) -> QuerySet[Subscriber]:
    """Active subscribers of any of the services or of those the incident named, and all told of it before."""
    ids = set(service_ids)
    if incident is not None:
        named = UpdateScope.objects.filter(update__incident=incident)
        ids |= set(named.values_list("service_id", flat=True).distinct())
    chosen = Subscriber.services.through.objects.filter(service_id__in=ids).values("subscriber_id")
    wanted = Q(all_services=True) | Q(pk__in=chosen)
    if incident is not None and incident.pk:
        told = Delivery.objects.filter(notice__incident=incident).exclude(state=DeliveryState.CANCELLED)
        wanted |= Q(pk__in=told.values("subscriber_id"))
    return Subscriber.objects.filter(wanted, page=page, state=SubscriberState.ACTIVE)


def _open_notice(
    kind: NoticeKind, incident: Incident, *, due_at: datetime, **told: Update | Report
) -> Notice:
    now = timezone.now()
    thread = f"incident-{incident.pk}"
    expansion.expand_thread(thread, now=now)
    last = Notice.objects.filter(thread=thread).aggregate(last=Max("sequence"))["last"] or 0
    return Notice.objects.create(
        page=incident.page,
        kind=kind,
        incident=incident,
        thread=thread,
        sequence=last + 1,
        created_at=now,
        due_at=due_at,
        expires_at=max(due_at, now) + UPDATE_LIFE,
        **told,
    )
