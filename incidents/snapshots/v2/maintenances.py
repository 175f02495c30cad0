"""Planned maintenance as v2 tells it: an incident with a window. One that is cancelled is not told at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from incidents.lib.ids import short_id
from incidents.lib.markdown import plain
from incidents.notices.links import page_url
from incidents.snapshots.planned import Planned, PlannedUpdate
from incidents.snapshots.v2.components import Object
from incidents.snapshots.v2.incidents import affected, components_of_services, update_object
from incidents.snapshots.v2.present import Present
from incidents.snapshots.v2.stamps import stamp, stamp_or_none

UPCOMING = ("scheduled",)
ACTIVE = ("in_progress", "verifying")
TOLD = (*UPCOMING, *ACTIVE, "completed")


def maintenance_object(maintenance: Planned, present: Present) -> Object:
    zone, page = present.page.zone, present.page
    completed_at = maintenance.ended_at if maintenance.state == "completed" else None
    return {
        "id": maintenance.id,
        "name": maintenance.title,
        "status": maintenance.state,
        "impact": "maintenance",
        "created_at": stamp(maintenance.created_at, zone),
        "updated_at": stamp(max(update.published_at for update in maintenance.updates), zone),
        "started_at": stamp(maintenance.started_at or maintenance.scheduled_from, zone),
        "monitoring_at": stamp_or_none(_verifying_at(maintenance.updates), zone),
        "resolved_at": stamp_or_none(completed_at, zone),
        "scheduled_for": stamp(maintenance.scheduled_from, zone),
        "scheduled_until": stamp(maintenance.scheduled_until, zone),
        "shortlink": page_url(page, f"/maintenance/{maintenance.id}"),
        "page_id": short_id("page", page.pk),
        "incident_updates": _updates_of(maintenance, present),
        "components": components_of_services(_statuses(maintenance, present), present),
        "reminder_intervals": None,
    }


def _updates_of(maintenance: Planned, present: Present) -> list[Object]:
    """Newest first."""
    expected = _statuses(maintenance, present)
    befores = [update.state for update in maintenance.updates[1:]]
    return [
        update_object(
            present,
            incident_id=maintenance.id,
            update_id=short_id(f"maintenance {maintenance.id}", update.number),
            status=update.state,
            body=plain(update.body),
            created_at=update.published_at,
            updated_at=update.published_at,
            display_at=update.happened_at,
            affected=affected(_in(before, expected), _in(update.state, expected), present),
        )
        for update, before in zip(maintenance.updates, [*befores, ""], strict=True)
    ]


def _statuses(maintenance: Planned, present: Present) -> dict[int, str]:
    """What its services have while it runs, by their ids."""
    ids = {service.slug: service.id for service in present.services}
    return {ids[one.slug]: one.status for one in maintenance.services if one.slug in ids}


def _in(state: str, expected: Mapping[int, str]) -> dict[int, str]:
    return {
        service_id: status if state in ACTIVE else "operational" for service_id, status in expected.items()
    }


def _verifying_at(updates: Sequence[PlannedUpdate]) -> datetime | None:
    """When the newest stretch of verifying began; `updates` newest first."""
    found = None
    for update in updates:
        if update.state == "verifying":
            found = update.happened_at
        elif found:
            break
    return found
