"""A notice as Statuspage posts it to the webhooks of its subscribers, in the language that each chose."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils import translation

from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.ids import short_id
from incidents.models import Delivery, MaintenanceUpdate, Notice, Page, Update
from incidents.notices import links
from incidents.notices.channel import Letter
from incidents.queries import endpoints
from incidents.queries.incident_view import IncidentView, find_public
from incidents.queries.maintenance_view import view_maintenances
from incidents.queries.page import overview
from incidents.queries.shown import shown_maintenances
from incidents.queries.v2.components import Object
from incidents.queries.v2.incidents import incident_object, maintenance_object
from incidents.queries.v2.present import Present
from incidents.queries.v2.stamps import stamp, stamp_or_none

COMPONENT_KEYS = (
    *("status", "name", "created_at", "updated_at", "position", "description"),
    *("showcase", "id", "page_id", "group_id"),
)


@dataclass(frozen=True)
class _Place:
    page: Page
    language: str

    def url(self, path: str) -> str:
        return links.page_url(self.page, path, language=self.language)


@dataclass(frozen=True)
class Payload:
    """`components` are the changes of status, each with all ids that a reader may have chosen it by."""

    page: Object
    incident: Object
    components: tuple[tuple[frozenset[int], Object], ...]


class PayloadWriter:
    """The incident first, then each change of a component that the reader chose."""

    def __init__(self) -> None:
        self._payloads: dict[tuple[int, int, str], Payload] = {}
        self._chosen: dict[int, dict[int, set[int]]] = {}

    def letter(self, delivery: Delivery) -> Letter:
        subscriber, page = delivery.reader, delivery.reader.page
        language = subscriber.language if subscriber.language in page.languages else page.first_language
        payload = self._payload(delivery.notice, page, language)
        meta = {
            "unsubscribe": links.unsubscribe_url(subscriber, page),
            "documentation": links.page_url(page, "/subscribe/webhook", language=language),
            "generated_at": stamp(times.now(), page.zone),
        }
        common = {"meta": meta, "page": payload.page}
        wanted = None if subscriber.all_services else self._chosen_by(delivery)
        return Letter(
            name=delivery.public_id,
            sender="",
            recipient=subscriber.endpoint,
            data=_dump({**common, "incident": payload.incident}),
            more=tuple(
                _dump({**common, **told})
                for ids, told in payload.components
                if wanted is None or ids & wanted
            ),
            secrets=endpoints.secrets_of(subscriber),
        )

    def _payload(self, notice: Notice, page: Page, language: str) -> Payload:
        key = (notice.pk, page.pk, language)
        if key not in self._payloads:
            with translation.override(language):
                self._payloads[key] = payload_of(notice, page, language=language)
        return self._payloads[key]

    def _chosen_by(self, delivery: Delivery) -> set[int]:
        page = delivery.reader.page
        if page.pk not in self._chosen:
            self._chosen[page.pk] = endpoints.chosen_services(page, delivery.channel)
        return self._chosen[page.pk].get(delivery.reader.pk, set())


def payload_of(notice: Notice, page: Page, *, language: str) -> Payload:
    """Refused where the page no longer shows what is told."""
    present = Present(_Place(page, language), overview(page).in_language(language))
    if notice.maintenance_update is not None:
        incident = _of_maintenance(notice.maintenance_update, present, language=language)
    else:
        incident = _of_incident(notice, present, language=language)
    status = present.status_object()
    told = {
        "id": short_id("page", page.pk),
        "status_indicator": status["indicator"],
        "status_description": status["description"],
    }
    return Payload(told, incident, tuple(_component_updates(incident, present)))


def _of_incident(notice: Notice, present: Present, *, language: str) -> Object:
    assert notice.incident is not None
    found = find_public(present.page, notice.incident.reference)
    if found is None:
        raise Refused("The page no longer shows this incident.")
    found = found.in_language(language)
    told = found if notice.update is None else _as_of(found, notice.update)
    made = {**_v1(), **incident_object(told, present)}
    if notice.report is not None:
        at = stamp_or_none(found.report_issued_at, present.page.zone)
        made |= {
            "postmortem_body": made["incident_updates"][0]["body"],
            "postmortem_body_last_updated_at": at,
            "postmortem_published_at": at,
            "postmortem_notified_subscribers": True,
        }
    return made


def _as_of(incident: IncidentView, update: Update) -> IncidentView:
    """What was told later is told by a notice of its own."""
    told = tuple(one for one in incident.updates if one.published_at <= update.published_at)
    if not told:
        return incident
    resolved_at = incident.resolved_at if told[0].stage == incident.stage else None
    return replace(
        incident,
        updates=told,
        stage=told[0].stage,
        severity=told[0].severity,
        resolved_at=resolved_at,
        updated_at=told[0].published_at,
        report_number=None,
    )


def _of_maintenance(update: MaintenanceUpdate, present: Present, *, language: str) -> Object:
    shown = shown_maintenances(present.page).filter(pk=update.maintenance_id)
    found = view_maintenances(shown, page=present.page)
    if not found:
        raise Refused("The page no longer shows this maintenance.")
    view = found[0].in_language(language)
    told = tuple(one for one in view.updates if one.number <= update.number)
    made = maintenance_object(replace(view, updates=told, state=update.state), present)
    is_cancelled = update.state == "cancelled"
    status = {"status": "completed", "x_cancelled": True} if is_cancelled else {}
    return {**_v1(), **made, **status}


def _component_updates(incident: Object, present: Present) -> Iterator[tuple[frozenset[int], Object]]:
    update = incident["incident_updates"][0]
    service_ids = {made["id"]: service_id for service_id, made in present.components.by_service.items()}
    group_of = {service.id: service.group_id for service in present.services}
    above = endpoints.groups_above({group for group in group_of.values() if group is not None})
    for affected in update["affected_components"]:
        if affected["old_status"] == affected["new_status"]:
            continue
        service_id = service_ids[affected["code"]]
        component = present.components.by_service[service_id]
        group_id = group_of[service_id]
        groups = above[group_id] if group_id is not None else set()
        yield (
            frozenset({service_id, *(-group for group in groups)}),
            {
                "component_update": {
                    "old_status": affected["old_status"],
                    "new_status": affected["new_status"],
                    "created_at": update["created_at"],
                    "component_type": "Component",
                    "id": short_id(f"component update {update['id']}", service_id),
                    "component_id": component["id"],
                },
                "component": {
                    **{key: component[key] for key in COMPONENT_KEYS},
                    "status": affected["new_status"],
                },
            },
        )


def _v1() -> Object:
    """What v1 has beside v2."""
    return {
        "postmortem_ignored": False,
        "postmortem_body": None,
        "postmortem_body_last_updated_at": None,
        "postmortem_published_at": None,
        "postmortem_notified_subscribers": False,
        "postmortem_notified_twitter": False,
        "backfilled": False,
        "scheduled_for": None,
        "scheduled_until": None,
        "scheduled_remind_prior": False,
        "scheduled_reminded_at": None,
        "impact_override": None,
        "scheduled_auto_in_progress": False,
        "scheduled_auto_completed": False,
    }


def _dump(content: Object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
