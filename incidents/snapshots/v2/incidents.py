"""Incidents as v2 tells them: each with all its updates, and its components as they are now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from incidents.lib.ids import short_id
from incidents.lib.markdown import plain
from incidents.models import ServiceStatus, Stage
from incidents.notices.links import page_url
from incidents.queries.incident_view import IncidentView, UpdateView
from incidents.snapshots.v2.components import Object
from incidents.snapshots.v2.indicator import COMPONENT_STATUS
from incidents.snapshots.v2.present import Present
from incidents.snapshots.v2.stamps import stamp, stamp_or_none


def incident_object(incident: IncidentView, present: Present) -> Object:
    zone, page = present.page.zone, present.page
    return {
        "id": short_id("incident", incident.id),
        "name": incident.title,
        "status": Stage.POSTMORTEM if has_postmortem(incident) else incident.stage,
        "impact": incident.severity,
        "created_at": stamp(incident.published_at, zone),
        "updated_at": stamp(incident.updated_at, zone),
        "started_at": stamp(incident.started_at, zone),
        "monitoring_at": stamp_or_none(_monitoring_at(incident.updates), zone),
        "resolved_at": stamp_or_none(incident.resolved_at, zone),
        "shortlink": page_url(page, f"/incidents/{incident.reference}"),
        "page_id": short_id("page", page.pk),
        "incident_updates": updates_of(incident, present),
        "components": _components_of(incident, present),
        "reminder_intervals": None,
    }


def has_postmortem(incident: IncidentView) -> bool:
    """A report issued while the incident goes on is an interim one: to clients a postmortem means the end."""
    return incident.is_over and incident.report_number is not None


def updates_of(incident: IncidentView, present: Present) -> list[Object]:
    """Newest first, and never none: clients read the first without looking."""
    befores: list[Mapping[int, str]] = [update.scope for update in incident.updates[1:]]
    told = [
        _update(incident, update, present, before=before)
        for update, before in zip(incident.updates, [*befores, {}], strict=False)
    ]
    if has_postmortem(incident) and (not told or told[0]["status"] != Stage.POSTMORTEM):
        told.insert(0, _report_update(incident, present))
    return told or [_only_update(incident, present)]


def _update(
    incident: IncidentView, update: UpdateView, present: Present, *, before: Mapping[int, str]
) -> Object:
    return update_object(
        present,
        incident_id=short_id("incident", incident.id),
        update_id=short_id("update", update.id),
        status=update.stage,
        body=plain(update.body),
        created_at=update.published_at,
        updated_at=update.edited_at or update.published_at,
        display_at=update.happened_at,
        affected=affected(before, update.scope, present),
    )


def _report_update(incident: IncidentView, present: Present) -> Object:
    """What the page shows as the report's number and link."""
    address = page_url(present.page, f"/reports/{incident.report_number}")
    words = _("The post-incident report %(number)s has been published.")
    issued_at = incident.report_issued_at or incident.updated_at
    at = max([issued_at, *(update.happened_at for update in incident.updates[:1])])
    return update_object(
        present,
        incident_id=short_id("incident", incident.id),
        update_id=short_id("postmortem", incident.id),
        status=Stage.POSTMORTEM,
        body=f"{words % {'number': incident.report_number}}\n\n{address}",
        created_at=at,
        updated_at=at,
        display_at=at,
    )


def _only_update(incident: IncidentView, present: Present) -> Object:
    """Of a past incident whose updates are not on record."""
    return update_object(
        present,
        incident_id=short_id("incident", incident.id),
        update_id=short_id("opening", incident.id),
        status=incident.stage,
        created_at=incident.published_at,
        updated_at=incident.published_at,
        display_at=incident.published_at,
    )


def update_object(
    present: Present,
    *,
    incident_id: str,
    update_id: str,
    status: str,
    created_at: datetime,
    updated_at: datetime,
    display_at: datetime,
    body: str = "",
    affected: Sequence[Object] = (),
) -> Object:
    zone = present.page.zone
    return {
        "id": update_id,
        "incident_id": incident_id,
        "status": status,
        "body": body or _("No text on record"),
        "created_at": stamp(created_at, zone),
        "updated_at": stamp(updated_at, zone),
        "display_at": stamp(display_at, zone),
        "affected_components": list(affected),
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }


def affected(before: Mapping[int, str], now: Mapping[int, str], present: Present) -> list[Object]:
    """Every service that this update or the one before it named, with what it was said to be."""
    components = present.components.by_service
    return [
        {
            "code": components[service_id]["id"],
            "name": components[service_id]["name"],
            "old_status": _status(before, service_id),
            "new_status": _status(now, service_id),
        }
        for service_id in components
        if service_id in before or service_id in now
    ]


def _status(scope: Mapping[int, str], service_id: int) -> str:
    return COMPONENT_STATUS[ServiceStatus(scope.get(service_id, ServiceStatus.OPERATIONAL))]


def _components_of(incident: IncidentView, present: Present) -> list[Object]:
    named = {service_id for update in incident.updates for service_id in update.scope}
    named |= {impact.service_id for impact in incident.impacts}
    return components_of_services(named, present)


def components_of_services(service_ids: Iterable[int], present: Present) -> list[Object]:
    wanted = set(service_ids)
    return [made for service_id, made in present.components.by_service.items() if service_id in wanted]


def _monitoring_at(updates: Sequence[UpdateView]) -> datetime | None:
    """When the newest stretch of watching the repair began; `updates` newest first."""
    found = None
    for update in updates:
        if update.stage == Stage.MONITORING:
            found = update.happened_at
        elif found:
            break
    return found
