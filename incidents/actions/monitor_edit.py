"""What a monitor watches, changed."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from incidents.actions import audit
from incidents.actions.monitor import (
    CHECKED_FROM_MAIN,
    SHORTEST_INTERVAL_SECONDS,
    check_pace,
    check_soon,
    forget_verdict,
    set_locations,
)
from incidents.actions.revision import touch_page
from incidents.lib.errors import Refused
from incidents.models import Monitor, Staff
from incidents.queries.monitor import lock_monitor


@transaction.atomic
def edit_monitor(
    monitor: Monitor,
    *,
    name: str,
    target: str,
    settings: dict[str, Any],
    interval_seconds: int,
    status_when_failing: str,
    locations: Sequence[str] | None = None,
    locations_to_down: int | None = None,
    actor: Staff | None = None,
) -> Monitor:
    """One that was stopped because it could not work watches again; without `locations` it is checked from where it
    was.

    Where it asks something else now, or in another way, it has no verdict until its next result, as after a pause.
    """
    check_pace(actor)
    monitor = lock_monitor(monitor.pk)
    if interval_seconds < SHORTEST_INTERVAL_SECONDS:
        raise Refused(f"expected at least {SHORTEST_INTERVAL_SECONDS} seconds", field="interval_seconds")
    if Monitor.objects.filter(service=monitor.service_id, name=name).exclude(pk=monitor.pk).exists():
        raise Refused(f"{name!r} is taken by another monitor of this service", field="name")
    if monitor.kind in CHECKED_FROM_MAIN:
        locations = None
    before = _facts(monitor)
    moved = locations is not None and set_locations(monitor, locations, to_down=locations_to_down)
    if moved or (monitor.target, monitor.settings) != (target, settings):
        forget_verdict(monitor)
    monitor.enabled = monitor.enabled or bool(monitor.parked_reason)
    monitor.parked_reason = ""
    monitor.name, monitor.target, monitor.settings = name, target, settings
    monitor.interval_seconds, monitor.status_when_failing = interval_seconds, status_when_failing
    monitor.save()
    check_soon(monitor)
    audit.record("edit_monitor", monitor, actor=actor, before=before, after=_facts(monitor))
    touch_page(monitor.service.page_id)
    return monitor


def _facts(monitor: Monitor) -> dict[str, Any]:
    """The names of the settings alone: some of their values are secret."""
    names = ("name", "target", "interval_seconds", "status_when_failing")
    places = sorted(monitor.watches.values_list("location", flat=True))
    facts = {name: getattr(monitor, name) for name in names}
    return {**facts, "settings": sorted(monitor.settings), "locations": places}
