"""Which monitors are due, which fell silent, and what a monitor has seen."""

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
    Watch,
)
from incidents.queries.service import is_stale

HISTORY = timedelta(weeks=16)
JUDGED_AS_ONE = (MonitorKind.BASELINE, MonitorKind.SPF, MonitorKind.UPSTREAM)


def lock_monitor(monitor_id: int) -> Monitor:
    """The monitor with its service and page, its row held to the end of the transaction."""
    return Monitor.objects.select_for_update(of=("self",)).select_related("service__page").get(pk=monitor_id)


def find_monitor(public_id: UUID, *kinds: str) -> Monitor | None:
    found = Monitor.objects.filter(public_id=public_id, kind__in=kinds)
    return found.select_related("service__page").first()


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


def silent_watches(*, now: datetime) -> list[tuple[int, str]]:
    """Monitor and location of what has an opinion and no result that is fresh enough to carry it."""
    talking = Watch.objects.exclude(verdict=Verdict.UNKNOWN).filter(monitor__enabled=True)
    return list(talking.filter(believed_until__lt=now).values_list("monitor_id", "location"))


def silent_monitors(*, now: datetime) -> list[int]:
    """Ids of enabled monitors that are judged as one, not at each location, have an opinion, and whose newest value
    or result is too old to carry it."""
    talking = Monitor.objects.filter(
        enabled=True, kind__in=JUDGED_AS_ONE, last_result_at__isnull=False
    ).exclude(verdict=Verdict.UNKNOWN)
    return [monitor.pk for monitor in talking.defer("state") if is_stale(monitor, now=now)]


def watches_of(monitor: Monitor) -> list[Watch]:
    """In the order of their locations, their rows held to the end of the transaction; the caller holds the
    monitor's."""
    return list(Watch.objects.select_for_update().filter(monitor=monitor).order_by("location"))


def seen_since(location: str, since: datetime) -> list[tuple[str, bool, str]]:
    """Target, whether anything answered, and verdict of each watch there with a result since an instant."""
    watches = Watch.objects.filter(location=location, last_result_at__gte=since, monitor__enabled=True)
    return list(watches.order_by().values_list("monitor__target", "is_reached", "verdict"))


def observed(monitor: Monitor) -> list[tuple[datetime, float]]:
    """The monitor's values of the sixteen weeks up to its newest, oldest first; it has one."""
    values = Observation.objects.filter(monitor=monitor).order_by("at")
    newest_at = values.values_list("at", flat=True).last()
    assert newest_at is not None
    return list(values.filter(at__gt=newest_at - HISTORY).values_list("at", "value"))
