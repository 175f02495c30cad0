"""What the system has told by itself, and what of it no person has touched."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, QuerySet

from incidents.models import (
    OVER,
    AuditEntry,
    Incident,
    IncidentState,
    LogEntry,
    Notice,
    Page,
    Policy,
    Service,
    Signal,
    Stage,
    Update,
    Verdict,
)
from incidents.queries.incident import proposed_scope


def scope_to_publish(incident: Incident) -> dict[Service, str]:
    """What of a draft's proposal may be told by itself: services whose own policy says so. What else failed with
    them is left to people."""
    proposed = proposed_scope(incident)
    return {service: status for service, status in proposed.items() if service.policy == Policy.PUBLISH}


def published_since(page: Page, since: datetime) -> int:
    return Incident.objects.filter(page=page, auto_published_at__gte=since).count()


def has_mailed_since(service_ids: Iterable[int], since: datetime) -> bool:
    return _mails(since).filter(update__scope__service__in=list(service_ids)).exists()


def mails_since(page: Page, since: datetime) -> int:
    return _mails(since).filter(page=page).count()


def _mails(since: datetime) -> QuerySet[Notice]:
    """Notices of updates that nobody wrote."""
    of_itself = Notice.objects.filter(
        update__created_by=None, update__incident__auto_published_at__isnull=False
    )
    return of_itself.filter(created_at__gte=since)


def recovered(*, stable_since: datetime, published_before: datetime) -> list[Incident]:
    """Open incidents that the system published, of whose failures none lasts or ended after `stable_since`, and
    of whose monitors each says that all is well: that one was paused or stopped is no recovery."""
    failing = Signal.objects.filter(incident=OuterRef("pk"), ended_at=None)
    lately = Signal.objects.filter(incident=OuterRef("pk"), ended_at__gt=stable_since)
    of_monitors = Signal.objects.filter(incident=OuterRef("pk"), monitor__isnull=False)
    unsure = of_monitors.exclude(monitor__enabled=True, monitor__verdict=Verdict.UP)
    ours = Incident.objects.filter(
        ~Exists(failing),
        ~Exists(lately),
        ~Exists(unsure),
        Exists(Signal.objects.filter(incident=OuterRef("pk"))),
        state=IncidentState.PUBLIC,
        auto_published_at__lte=published_before,
    )
    return list(ours.exclude(stage__in=OVER).select_related("page").order_by("pk"))


def is_ours_alone(incident: Incident) -> bool:
    """Whether no person has touched it: no update, no line of the log, no correction."""
    if incident.acknowledged_at is not None or incident.auto_published_at is None:
        return False
    by_people = (
        Update.objects.filter(incident=incident, created_by__isnull=False),
        LogEntry.objects.filter(incident=incident, author__isnull=False),
        AuditEntry.objects.filter(object_type="incident", object_id=str(incident.pk), actor__isnull=False),
    )
    return not any(rows.exists() for rows in by_people)


def last_failure_ended_at(incident: Incident) -> datetime | None:
    ended: datetime | None = incident.signals.aggregate(last=Max("ended_at"))["last"]
    return ended


def lately_resolved(draft: Incident, *, since: datetime) -> Incident | None:
    """The incident of one of the draft's services that was resolved by itself after `since`."""
    services = draft.impacts.values("service")
    found = Incident.objects.filter(
        page=draft.page_id,
        auto_published_at__isnull=False,
        stage=Stage.RESOLVED,
        resolved_at__gte=since,
        impacts__service__in=services,
    )
    for incident in found.distinct().order_by("-resolved_at"):
        if is_ours_alone(incident):
            return incident
    return None
