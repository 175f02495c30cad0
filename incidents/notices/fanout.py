"""Who is told: one notice, and one delivery per subscriber, written in the transaction that publishes.

Its caller wakes the sender once the transaction is committed.
"""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from incidents.models import (
    UPDATE_LIFE,
    AudiencePart,
    Delivery,
    DeliveryState,
    Incident,
    Lane,
    Maintenance,
    MaintenanceUpdate,
    Notice,
    NoticeKind,
    Page,
    Report,
    Subscriber,
    SubscriberState,
    Update,
    UpdateScope,
)
from incidents.notices import expansion, throttle
from incidents.queries.shown import other_pages_showing

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


def queue_maintenance(update: MaintenanceUpdate, *, hold_until: datetime) -> Notice:
    """Tells `update` to the maintenance's audience once the hold is over."""
    maintenance = update.maintenance
    notice = _open_notice(NoticeKind.MAINTENANCE, maintenance, due_at=hold_until, maintenance_update=update)
    expansion.fix_audience(notice, maintenance_audience(maintenance))
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


def queue_code(subscriber: Subscriber, *, nonce: str, life: timedelta) -> Notice:
    """A text message for one person, in a lane of its own; worth nothing once its `life` is over. Its thread is
    the code's nonce, so that a newer one takes its place."""
    now = timezone.now()
    notice = Notice.objects.create(
        page=subscriber.page,
        kind=NoticeKind.CODE,
        audience=1,
        created_at=now,
        due_at=now,
        expires_at=now + life,
    )
    Delivery.objects.create(
        notice=notice,
        subscriber=subscriber,
        channel=subscriber.channel,
        lane=throttle.open_endpoint_lane(subscriber.channel, "codes", now=now),
        domain=subscriber.channel,
        thread=nonce,
        next_attempt_at=now,
        expires_at=now + life,
    )
    return notice


def cancel_update(update: Update) -> int:
    """Takes back what is still waiting, such as during the hold; returns how many will not be told."""
    return _cancel(Q(notice__update=update))


def cancel_maintenance(update: MaintenanceUpdate) -> int:
    """As `cancel_update`, for what was told of a maintenance."""
    return _cancel(Q(notice__maintenance_update=update))


def _cancel(told: Q) -> int:
    expansion.expand_all(AudiencePart.objects.filter(told), now=timezone.now())
    waiting = Delivery.objects.filter(told, state=DeliveryState.QUEUED, attempts=0)
    return waiting.update(state=DeliveryState.CANCELLED)


def audience(
    page: Page,
    service_ids: Iterable[int],
    incident: Incident | None = None,
    *,
    showing: Mapping[int, Set[int]] | None = None,
) -> QuerySet[Subscriber]:
    """Active subscribers of any of the services or of those the incident named, and all told of it before: of
    the page, and of every other page that shows one of these services (`showing`, if it is known)."""
    ids = set(service_ids)
    if incident is not None:
        named = UpdateScope.objects.filter(update__incident=incident)
        ids |= set(named.values_list("service_id", flat=True).distinct())
    told = None
    if incident is not None and incident.pk:
        told = Delivery.objects.filter(notice__incident=incident)
    return _wanting(page, ids, told=told, showing=showing)


def maintenance_audience(maintenance: Maintenance) -> QuerySet[Subscriber]:
    """Active subscribers of any of its services, and all told of it before: of its page, and of every other page
    that shows one of these services."""
    ids = set(maintenance.services.values_list("service_id", flat=True))
    told = Delivery.objects.filter(notice__maintenance=maintenance)
    return _wanting(maintenance.page, ids, told=told)


def _wanting(
    page: Page,
    ids: set[int],
    *,
    told: QuerySet[Delivery] | None,
    showing: Mapping[int, Set[int]] | None = None,
) -> QuerySet[Subscriber]:
    reached = Q()
    if told is not None:
        reached = Q(pk__in=told.exclude(state=DeliveryState.CANCELLED).values("subscriber_id"))
    wanted = Q(page=page) & (_take_any(ids) | reached)
    for page_id, shown in (other_pages_showing(page) if showing is None else showing).items():
        if ids & shown:
            wanted |= Q(page=page_id) & (_take_any(ids & shown) | reached)
    return Subscriber.objects.filter(wanted, state=SubscriberState.ACTIVE)


def _take_any(service_ids: Set[int]) -> Q:
    chosen = Subscriber.services.through.objects.filter(service_id__in=service_ids).values("subscriber_id")
    return Q(all_services=True) | Q(pk__in=chosen)


def _open_notice(kind: NoticeKind, about: Incident | Maintenance, *, due_at: datetime, **told: Any) -> Notice:
    """The next of the thread; whoever lacks an earlier one gets it queued first."""
    now = timezone.now()
    thread = f"{about._meta.model_name}-{about.pk}"
    expansion.expand_thread(thread, now=now)
    last = Notice.objects.filter(thread=thread).aggregate(last=Max("sequence"))["last"] or 0
    return Notice.objects.create(
        page=about.page,
        kind=kind,
        incident=about if isinstance(about, Incident) else None,
        maintenance=about if isinstance(about, Maintenance) else None,
        thread=thread,
        sequence=last + 1,
        created_at=now,
        due_at=due_at,
        expires_at=max(due_at, now) + UPDATE_LIFE,
        **told,
    )
