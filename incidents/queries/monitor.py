"""Which monitors are due, which fell silent, and what a monitor has seen."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from incidents.models import (
    OVER,
    Incident,
    IncidentState,
    Monitor,
    MonitorKind,
    Observation,
    Service,
    Verdict,
)
from incidents.queries.service import is_stale

HISTORY = timedelta(weeks=16)


def lock_monitor(monitor_id: int) -> Monitor:
    """The monitor with its service and page, its row held to the end of the transaction."""
    return Monitor.objects.select_for_update(of=("self",)).select_related("service__page").get(pk=monitor_id)


def find_monitor(public_id: UUID, *, kind: str) -> Monitor | None:
    return Monitor.objects.filter(public_id=public_id, kind=kind).select_related("service__page").first()


def open_incident_of(service: Service) -> Incident | None:
    """The open incident, public or draft, that already speaks of the service; the public one first."""
    return (
        Incident.objects.filter(page=service.page_id)
        .exclude(state=IncidentState.DISMISSED)
        .exclude(stage__in=OVER)
        .filter(Q(impacts__service=service) | Q(updates__scope__service=service))
        .select_related("page")
        .order_by("-state", "opened_at")
        .distinct()
        .first()
    )


def due_monitors(*, now: datetime, limit: int) -> list[int]:
    """Ids of enabled monitors whose check is due and not already leased, the longest overdue first."""
    due = Monitor.objects.filter(enabled=True, next_check_at__lte=now).exclude(kind=MonitorKind.BASELINE)
    free = due.filter(Q(lease_until=None) | Q(lease_until__lt=now))
    return list(free.order_by("next_check_at").values_list("pk", flat=True)[:limit])


def silent_monitors(*, now: datetime) -> Iterable[Monitor]:
    """Enabled monitors with an opinion whose newest result is too old to carry it."""
    talking = Monitor.objects.filter(enabled=True, last_result_at__isnull=False).exclude(
        verdict=Verdict.UNKNOWN
    )
    return [m for m in talking.select_related("service__page") if is_stale(m, now=now)]


def observed(monitor: Monitor) -> list[tuple[datetime, float]]:
    """The monitor's values of the sixteen weeks up to its newest, oldest first; it has one."""
    values = Observation.objects.filter(monitor=monitor).order_by("at")
    newest_at = values.values_list("at", flat=True).last()
    assert newest_at is not None
    return list(values.filter(at__gt=newest_at - HISTORY).values_list("at", "value"))


def monitors_by_id(ids: list[int]) -> list[Monitor]:
    return list(Monitor.objects.filter(pk__in=ids).select_related("service__page"))
