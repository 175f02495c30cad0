"""What is so of planned maintenance: what is due, what runs, what a page shows of it."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from incidents.models import (
    ENDED,
    RUNNING,
    Maintenance,
    MaintenanceService,
    MaintenanceState,
    Page,
    Service,
)
from incidents.queries.maintenance_view import MaintenanceView, view_maintenances
from incidents.queries.shown import shown_maintenances


def lock_maintenance(maintenance_id: int) -> Maintenance:
    """The maintenance with its page, held to the end of the transaction; rows that name it may come."""
    held = Maintenance.objects.select_for_update(of=("self",), no_key=True)
    return held.select_related("page").get(pk=maintenance_id)


def due_to_start(*, now: datetime) -> list[int]:
    """Ids of what the clock may start, the longest due first."""
    found = Maintenance.objects.filter(
        state=MaintenanceState.SCHEDULED, auto_start=True, scheduled_from__lte=now
    )
    return [one.pk for one in found.order_by("scheduled_from", "pk") if one.starts_by_itself(now=now)]


def due_to_finish(*, now: datetime) -> list[int]:
    found = Maintenance.objects.filter(state__in=RUNNING, auto_finish=True, scheduled_until__lte=now)
    return [one.pk for one in found.order_by("scheduled_until", "pk") if one.finishes_by_itself(now=now)]


def running_maintenance_of(service: Service) -> Maintenance | None:
    running = Maintenance.objects.filter(state__in=RUNNING, services__service=service)
    return running.order_by("started_at", "pk").first()


def services_under_maintenance(service_ids: Iterable[int]) -> set[int]:
    """Those of the services for which a maintenance runs."""
    running = MaintenanceService.objects.filter(
        maintenance__state__in=RUNNING, service_id__in=list(service_ids)
    )
    return set(running.values_list("service_id", flat=True))


def maintenances_since(page: Page, *, since: datetime) -> tuple[MaintenanceView, ...]:
    """What is still to come or runs, and what ended since then; the earliest window first."""
    ended = Q(ended_at__gte=since) | Q(cancelled_at__gte=since)
    return view_maintenances(shown_maintenances(page).filter(~Q(state__in=ENDED) | ended), page=page)


def upcoming_and_running(page: Page) -> tuple[MaintenanceView, ...]:
    """What runs, then what is still to come, the earliest window first."""
    return running_first(view_maintenances(shown_maintenances(page).exclude(state__in=ENDED), page=page))


def running_first(maintenances: Iterable[MaintenanceView]) -> tuple[MaintenanceView, ...]:
    """Those that are not over; else in the order in which they come."""
    return tuple(sorted((m for m in maintenances if not m.is_over), key=lambda m: not m.is_running))


def recent(page: Page, *, most: int = 50) -> tuple[MaintenanceView, ...]:
    """The newest of any state, the latest window first."""
    newest = shown_maintenances(page).order_by("-scheduled_from", "-pk").values_list("pk", flat=True)[:most]
    return view_maintenances(Maintenance.objects.filter(pk__in=list(newest)), page=page)[::-1]


def find(page: Page, public_id: str) -> MaintenanceView | None:
    views = view_maintenances(shown_maintenances(page).filter(public_id=public_id), page=page)
    return views[0] if views else None
