"""Who is told: one notice, and one delivery per subscriber, written in the transaction that publishes.

Its caller wakes the sender once the transaction is committed.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from incidents.models import (
    UPDATE_LIFE,
    AudiencePart,
    Delivery,
    DeliveryState,
    Follow,
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
    Wish,
)
from incidents.notices import expansion, throttle
from incidents.notices.ledger import TAKEN_BACK
from incidents.notices.wishes import Tells, Wishes, told_by_maintenance, told_by_update
from incidents.queries.shown import other_pages_showing

PERSONAL_LIFE = timedelta(hours=48)
_KINDS = {
    Tells.NEWS: "wants_incidents",
    Tells.END: "wants_incidents",
    Tells.REPORT: "wants_reports",
}


def queue_update(update: Update, *, hold_until: datetime) -> Notice:
    """Tells `update` to its audience once the hold is over; call it inside the publishing transaction."""
    incident = update.incident
    service_ids = update.scope.values_list("service_id", flat=True)
    notice = _open_notice(NoticeKind.UPDATE, incident, due_at=hold_until, update=update)
    told = audience(incident.page, service_ids, incident, tells=told_by_update(update))
    expansion.fix_audience(notice, told)
    return notice


def queue_report(report: Report, *, is_for_all: bool = False) -> Notice:
    """Tells that an edition of `report` is issued, to its audience."""
    notice = _open_notice(NoticeKind.REPORT, report.incident, due_at=timezone.now(), report=report)
    expansion.fix_audience(notice, report_audience(report, is_for_all=is_for_all))
    return notice


def report_audience(report: Report, *, is_for_all: bool = False) -> QuerySet[Subscriber]:
    """Those who want reports and were told of its incident or take its service, and those who follow the
    incident; `is_for_all`: everybody of the page who wants reports."""
    page = report.incident.page
    told = audience(page, [report.service_id], report.incident, tells=Tells.REPORT)
    if not is_for_all:
        return told
    everybody = Q(page=page, wants_reports=True) | Q(pk__in=told.values("pk"))
    return Subscriber.objects.filter(everybody, state=SubscriberState.ACTIVE)


def queue_maintenance(update: MaintenanceUpdate, *, hold_until: datetime) -> Notice:
    """Tells `update` to the maintenance's audience once the hold is over."""
    maintenance = update.maintenance
    notice = _open_notice(NoticeKind.MAINTENANCE, maintenance, due_at=hold_until, maintenance_update=update)
    told = maintenance_audience(maintenance, tells=told_by_maintenance(update))
    expansion.fix_audience(notice, told)
    return notice


def queue_personal(kind: str, subscriber: Subscriber, *, wish: Wish | None = None) -> Notice:
    """A mail for one person, in the lane that no fan-out delays; `wish` is what it asks to confirm."""
    now = timezone.now()
    expires_at = now + PERSONAL_LIFE
    notice = Notice.objects.create(
        page=subscriber.page,
        kind=kind,
        wish=wish,
        audience=1,
        created_at=now,
        due_at=now,
        expires_at=expires_at,
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


def cancel_report(report: Report) -> int:
    """As `cancel_update`, for what tells that an edition of it is issued; what is to be tried again, too."""
    return _cancel(Q(notice__report=report), is_tried_too=True)


def _cancel(told: Q, *, is_tried_too: bool = False) -> int:
    expansion.expand_all(AudiencePart.objects.filter(told), now=timezone.now())
    waiting = Delivery.objects.filter(told, state__in=(DeliveryState.QUEUED, DeliveryState.HELD))
    if not is_tried_too:
        waiting = waiting.filter(state=DeliveryState.QUEUED, attempts=0)
    return waiting.update(state=DeliveryState.CANCELLED, last_reply=TAKEN_BACK)


def audience(
    page: Page,
    service_ids: Iterable[int],
    incident: Incident | None = None,
    *,
    tells: Tells = Tells.NEWS,
    showing: Mapping[int, Set[int]] | None = None,
) -> QuerySet[Subscriber]:
    """Active subscribers who want to hear this of any of the services or of those the incident named: of the
    page, and of every other page that shows one of these services (`showing`, if it is known)."""
    ids = set(service_ids)
    wishes = Wishes(kind=_KINDS[tells], tells=tells)
    if incident is not None and incident.pk:
        named = UpdateScope.objects.filter(update__incident=incident)
        ids |= set(named.values_list("service_id", flat=True).distinct())
        told = Delivery.objects.filter(notice__incident=incident)
        wishes = replace(wishes, told=told, follows=Follow.objects.filter(incident=incident))
    return _wanting(page, ids, wishes, showing=showing)


def maintenance_audience(maintenance: Maintenance, *, tells: Tells = Tells.NEWS) -> QuerySet[Subscriber]:
    """Active subscribers who want to hear this of any of its services: of its page, and of every other page
    that shows one of these services."""
    ids = set(maintenance.services.values_list("service_id", flat=True))
    told = Delivery.objects.filter(notice__maintenance=maintenance)
    return _wanting(maintenance.page, ids, Wishes(kind="wants_maintenance", tells=tells, told=told))


def planned_audience(page: Page, service_ids: Iterable[int]) -> QuerySet[Subscriber]:
    """Of a maintenance that is not announced yet."""
    return _wanting(page, set(service_ids), Wishes(kind="wants_maintenance", tells=Tells.NEWS))


def _wanting(
    page: Page, ids: set[int], wishes: Wishes, *, showing: Mapping[int, Set[int]] | None = None
) -> QuerySet[Subscriber]:
    wanted = Q(page=page) & wishes.met_by(ids)
    for page_id, shown in (other_pages_showing(page) if showing is None else showing).items():
        if ids & shown:
            wanted |= Q(page=page_id) & wishes.met_by(ids & shown)
    return Subscriber.objects.filter(wanted, state=SubscriberState.ACTIVE)


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
