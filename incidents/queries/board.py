"""What staff have to look at now: drafts, promises, recent incidents, and mail that did not go out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from incidents.models import (
    OF_OUR_SENDING,
    OVER,
    PAUSED_LANE,
    PENDING_DELIVERY,
    RUNNING,
    AudiencePart,
    Delivery,
    DeliveryState,
    Incident,
    IncidentState,
    MailEvent,
    MailEventKind,
    Maintenance,
    MaintenanceState,
    Monitor,
    Notice,
    Page,
    Subscriber,
    SubscriberState,
    Throttle,
)
from incidents.queries.deliveries import LOST

RECENT = 8
LOST_FOR = timedelta(days=7)
REFUSED_FOR = timedelta(days=1)
MAINTENANCE_AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Progress:
    """How far the mails of one notice have come; `held_until` while all of them can still be taken back."""

    notice_id: int
    audience: int
    waiting: int = 0
    sent: int = 0
    lost: int = 0
    cancelled: int = 0
    old: int = 0
    held_until: datetime | None = None


@dataclass(frozen=True)
class MailHealth:
    failed: int
    parked: int
    expired: int
    waiting: int
    held: int = 0

    @property
    def lost(self) -> int:
        return self.failed + self.parked + self.expired


@dataclass(frozen=True)
class PausedMails:
    """Since `at`, since `count` of about `mails` came back as `kind` says; `waiting` for staff."""

    at: datetime
    kind: str
    count: int
    mails: int
    waiting: int


@dataclass(frozen=True)
class RefusedForUs:
    """`count` mails of a day were refused for how we send; `reply` is what was said of the last."""

    count: int
    reply: str


@dataclass(frozen=True)
class HeldNotice:
    notice: Notice
    mails: int


def draft_incidents(page: Page) -> list[Incident]:
    """Drafts with what they propose and what monitors said, the longest suffering first."""
    drafts = Incident.objects.filter(page=page, state=IncidentState.DRAFT)
    return list(drafts.prefetch_related("impacts__service", "signals").order_by("started_at", "id"))


def promised_incidents(page: Page) -> list[Incident]:
    """Open public incidents, the promise that comes (or came) due first on top, those without one last."""
    open_ = Incident.objects.filter(page=page, state=IncidentState.PUBLIC).exclude(stage__in=OVER)
    ordered = open_.order_by(F("next_update_at").asc(nulls_last=True), "started_at", "id")
    return list(ordered.prefetch_related("impacts__service"))


def promised_reports(page: Page) -> list[Incident]:
    """Public incidents whose promised report is not issued yet, the one that comes (or came) due first on top."""
    promised = Incident.objects.filter(page=page, state=IncidentState.PUBLIC, report_due_on__isnull=False)
    waiting = promised.exclude(report__issued_at__isnull=False).order_by("report_due_on", "id")
    return list(waiting.select_related("report"))


def recent_incidents(page: Page) -> list[Incident]:
    """The incidents that ended last, published or closed without publication."""
    ended = Incident.objects.filter(page=page).filter(
        Q(stage__in=OVER, state=IncidentState.PUBLIC) | Q(state=IncidentState.DISMISSED)
    )
    last_first = Coalesce("resolved_at", "dismissed_at").desc()
    return list(ended.select_related("report").order_by(last_first, "-id")[:RECENT])


def near_maintenances(page: Page, *, now: datetime) -> list[Maintenance]:
    """What runs, what should have begun, and what begins soon, the earliest window first."""
    soon = Q(state=MaintenanceState.SCHEDULED, scheduled_from__lte=now + MAINTENANCE_AHEAD)
    found = Maintenance.objects.filter(soon | Q(state__in=RUNNING), page=page)
    return list(found.order_by("scheduled_from", "id"))


def mail_health(page: Page) -> MailHealth:
    """Deliveries to the page's subscribers that wait, and those of the last week of which nothing more will
    come."""
    recent = timezone.now() - LOST_FOR
    of_page = Delivery.objects.filter(subscriber__page=page)
    counts = _by_state(
        of_page.filter(Q(state__in=(*PENDING_DELIVERY, DeliveryState.HELD)) | Q(next_attempt_at__gte=recent))
    )
    return MailHealth(
        failed=counts.get(DeliveryState.FAILED, 0),
        parked=counts.get(DeliveryState.PARKED, 0),
        expired=counts.get(DeliveryState.EXPIRED, 0),
        waiting=counts.get(DeliveryState.QUEUED, 0) + counts.get(DeliveryState.SENDING, 0),
        held=counts.get(DeliveryState.HELD, 0),
    )


def held_notices(page: Page) -> list[HeldNotice]:
    """What was old when a sender came back to work, the oldest first; staff say what becomes of it."""
    held = Delivery.objects.filter(state=DeliveryState.HELD, subscriber__page=page)
    mails = dict(held.order_by().values_list("notice").annotate(n=Count("pk")))
    notices = Notice.objects.filter(pk__in=mails).select_related(
        "incident", "maintenance", "update", "report"
    )
    return [HeldNotice(notice, mails[notice.pk]) for notice in notices.order_by("created_at", "pk")]


def paused_server(*, now: datetime) -> Throttle | None:
    """The mail server, while it takes no mail and is left alone. `now` is the real clock's."""
    return Throttle.objects.filter(is_lane=False, pause_seconds__gt=0, paused_until__gt=now).first()


def paused_mails(page: Page) -> PausedMails | None:
    """None while mails go out."""
    at = page.mail_paused_at
    if at is None:
        return None
    kind, _, numbers = page.mail_pause_reason.partition(" ")
    count, _, mails = numbers.partition("/")
    waiting = Delivery.objects.filter(lane=f"{PAUSED_LANE}{page.pk}", state=DeliveryState.QUEUED).count()
    return PausedMails(at, kind, int(count), int(mails), waiting)


def refused_for_us(page: Page) -> RefusedForUs | None:
    """None while nobody takes offence."""
    recent = MailEvent.objects.filter(
        OF_OUR_SENDING, page=page, kind=MailEventKind.SOFT, at__gt=timezone.now() - REFUSED_FOR
    )
    refused = list(recent.order_by("-at", "-pk").values_list("words", "code"))
    return RefusedForUs(len(refused), next(filter(None, refused[0]))) if refused else None


def lost_deliveries(page: Page, *, limit: int) -> list[Delivery]:
    """Deliveries to the page's subscribers that failed, were parked or expired, the latest first."""
    lost = Delivery.objects.filter(subscriber__page=page, state__in=LOST)
    related = ("subscriber", "notice__update", "notice__report", "notice__incident", "notice__maintenance")
    return list(lost.select_related(*related).order_by("-next_attempt_at", "-id")[:limit])


def recent_notices(page: Page) -> list[Notice]:
    """What was told to many, the newest first."""
    told = Notice.objects.filter(page=page, audience__gt=0).exclude(thread="")
    related = ("incident", "update", "report", "maintenance", "maintenance_update")
    return list(told.select_related(*related).order_by("-pk")[:RECENT])


def subscriber_counts(page: Page) -> dict[str, int]:
    rows = Subscriber.objects.filter(page=page).values_list("state").annotate(n=Count("pk")).order_by()
    return dict.fromkeys(SubscriberState.values, 0) | dict(rows)


def progress_of_updates(update_ids: Iterable[int], *, now: datetime) -> dict[int, Progress]:
    """By the update's id; an update that told nobody by mail is missing. `now` is the real clock's."""
    return _progress_by("update_id", update_ids, now=now)


def progress_of_maintenance(update_ids: Iterable[int], *, now: datetime) -> dict[int, Progress]:
    """As `progress_of_updates`, for updates of a maintenance."""
    return _progress_by("maintenance_update_id", update_ids, now=now)


def _progress_by(told: str, ids: Iterable[int], *, now: datetime) -> dict[int, Progress]:
    notices = Notice.objects.filter(**{f"{told}__in": list(ids)}).values_list(told, "pk", "audience")
    audiences = {update_id: (notice_id, audience) for update_id, notice_id, audience in notices}
    by_update: dict[int | None, dict[str, tuple[int, datetime | None]]] = {}
    untried = Q(attempts=0, state=DeliveryState.QUEUED)
    rows = (
        Delivery.objects.filter(**{f"notice__{told}__in": list(audiences)})
        .values_list(f"notice__{told}", "state")
        .annotate(n=Count("pk"), due_at=Min("next_attempt_at", filter=untried))
        .order_by()
    )
    for update_id, state, n, due_at in rows:
        by_update.setdefault(update_id, {})[state] = (n, due_at)
    unwritten = _unwritten(told, audiences)
    return {
        update_id: _progress(
            *told_to, by_update.get(update_id, {}), unwritten=unwritten.get(update_id, 0), now=now
        )
        for update_id, told_to in audiences.items()
        if update_id is not None
    }


def _unwritten(told: str, update_ids: Iterable[int | None]) -> dict[int | None, int]:
    """Of a large audience, those who have no delivery yet."""
    parts = AudiencePart.objects.filter(**{f"notice__{told}__in": list(update_ids), "expanded_at": None})
    return dict(parts.order_by().values_list(f"notice__{told}").annotate(n=Sum("size")))


def _progress(
    notice_id: int,
    audience: int,
    states: dict[str, tuple[int, datetime | None]],
    *,
    unwritten: int,
    now: datetime,
) -> Progress:
    def count(*names: str) -> int:
        return sum(states[name][0] for name in names if name in states)

    _, due_at = states.get(DeliveryState.QUEUED, (0, None))
    return Progress(
        notice_id=notice_id,
        audience=audience,
        waiting=count(*PENDING_DELIVERY) + unwritten,
        sent=count(DeliveryState.SENT),
        lost=count(*LOST),
        cancelled=count(DeliveryState.CANCELLED),
        old=count(DeliveryState.HELD),
        held_until=due_at if due_at and due_at > now else None,
    )


def _by_state(deliveries: QuerySet[Delivery]) -> dict[str, int]:
    return dict(deliveries.values_list("state").annotate(n=Count("pk")).order_by())


def stopped_monitors(page: Page) -> list[Monitor]:
    """Those that could not be checked any more, with their services."""
    stopped = Monitor.objects.filter(service__page=page, enabled=False).exclude(parked_reason="")
    return list(stopped.select_related("service").defer("state", "settings").order_by("name"))
