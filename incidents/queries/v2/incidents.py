"""Incidents and planned maintenance as v2 tells them: each with all its updates, and its components as they
are now. A maintenance is an incident with a window; one that is cancelled is not told at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from incidents.lib.ids import short_id
from incidents.models import ServiceStatus, Stage
from incidents.queries.incident_view import IncidentView
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.telling import Told, has_postmortem, newest_start, tell_incident, tell_maintenance
from incidents.queries.v2.components import Object
from incidents.queries.v2.indicator import COMPONENT_STATUS
from incidents.queries.v2.present import Present
from incidents.queries.v2.stamps import stamp, stamp_or_none

UPCOMING = ("scheduled",)
ACTIVE = ("in_progress", "verifying")
TOLD = (*UPCOMING, *ACTIVE, "completed")


def incident_object(incident: IncidentView, present: Present) -> Object:
    zone = present.page.zone
    told = tell_incident(incident, present.edition)
    named = {service_id for update in incident.updates for service_id in update.scope}
    named |= {impact.service_id for impact in incident.impacts}
    return {
        **_common(short_id("incident", incident.id), told, named, present),
        "name": incident.title,
        "status": Stage.POSTMORTEM if has_postmortem(incident) else incident.stage,
        "impact": incident.severity,
        "created_at": stamp(incident.published_at, zone),
        "updated_at": stamp(incident.updated_at, zone),
        "started_at": stamp(incident.started_at, zone),
        "monitoring_at": stamp_or_none(newest_start(told, Stage.MONITORING), zone),
        "resolved_at": stamp_or_none(incident.resolved_at, zone),
        "shortlink": present.edition.url(f"/incidents/{incident.reference}"),
    }


def maintenance_object(maintenance: MaintenanceView, present: Present) -> Object:
    zone = present.page.zone
    expected = _expected(maintenance, present)
    told = [replace(one, scope=_in(one.status, expected)) for one in tell_maintenance(maintenance)]
    completed_at = maintenance.ended_at if maintenance.state == "completed" else None
    return {
        **_common(maintenance.id, told, expected, present),
        "name": maintenance.title,
        "status": maintenance.state,
        "impact": "maintenance",
        "created_at": stamp(maintenance.created_at, zone),
        "updated_at": stamp(max(one.updated_at for one in told), zone),
        "started_at": stamp(maintenance.started_at or maintenance.scheduled_from, zone),
        "monitoring_at": stamp_or_none(newest_start(told, "verifying"), zone),
        "resolved_at": stamp_or_none(completed_at, zone),
        "scheduled_for": stamp(maintenance.scheduled_from, zone),
        "scheduled_until": stamp(maintenance.scheduled_until, zone),
        "shortlink": present.edition.url(f"/maintenance/{maintenance.id}"),
    }


def _common(number: str, told: Sequence[Told], service_ids: Iterable[int], present: Present) -> Object:
    wanted = set(service_ids)
    components = present.components.by_service.items()
    befores: list[Mapping[int, str]] = [one.scope for one in told[1:]]
    return {
        "id": number,
        "page_id": short_id("page", present.page.pk),
        "incident_updates": [
            _update(number, one, present, before=before)
            for one, before in zip(told, [*befores, {}], strict=True)
        ],
        "components": [made for service_id, made in components if service_id in wanted],
        "reminder_intervals": None,
    }


def _update(number: str, told: Told, present: Present, *, before: Mapping[int, str]) -> Object:
    zone = present.page.zone
    return {
        "id": told.id,
        "incident_id": number,
        "status": told.status,
        "body": told.body,
        "created_at": stamp(told.created_at, zone),
        "updated_at": stamp(told.updated_at, zone),
        "display_at": stamp(told.display_at, zone),
        "affected_components": list(_affected(before, told.scope, present)),
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _affected(before: Mapping[int, str], now: Mapping[int, str], present: Present) -> Iterable[Object]:
    """Every service that this update or the one before it named, with what it was said to be."""
    for service_id, component in present.components.by_service.items():
        if service_id in before or service_id in now:
            yield {
                "code": component["id"],
                "name": component["name"],
                "old_status": _status(before, service_id),
                "new_status": _status(now, service_id),
            }


def _status(scope: Mapping[int, str], service_id: int) -> str:
    return COMPONENT_STATUS[ServiceStatus(scope.get(service_id, ServiceStatus.OPERATIONAL))]


def _expected(maintenance: MaintenanceView, present: Present) -> dict[int, str]:
    """What its services have while it runs, by their ids."""
    ids = {service.slug: service.id for service in present.services}
    return {ids[one.slug]: one.status for one in maintenance.services if one.slug in ids}


def _in(state: str, expected: Mapping[int, str]) -> dict[int, str]:
    return {number: status if state in ACTIVE else "operational" for number, status in expected.items()}
