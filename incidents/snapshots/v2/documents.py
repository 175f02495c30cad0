"""The addresses of v2 and what each answers."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from django.utils import translation

from incidents.queries.incident_view import IncidentView
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.v2.components import Object
from incidents.queries.v2.incidents import ACTIVE, TOLD, UPCOMING, incident_object, maintenance_object
from incidents.queries.v2.present import Present
from incidents.snapshots.pages import digest
from incidents.snapshots.presenting import greyed
from incidents.snapshots.site import Site
from incidents.snapshots.source import JSON, File, Source

BASE = "/api/v2/"
NOT_FOUND = "/api/404.json"
NEWEST = 50

Build = Callable[[Present], Object]


def sources(site: Site) -> Iterator[Source]:
    present = Present(site.editions[0], site.overview)
    shown = (site.page.revision, [(service.id, service.status) for service in present.services])
    yield _source(site, "now", digest(shown, present.age(now=site.editions[0].now)), _now(site))
    yield _source(site, "incidents", digest(shown), _incidents(site))
    yield _source(site, "maintenances", digest(shown), _maintenances(site))
    yield Source("v2:not-found", "", (NOT_FOUND,), lambda: [_not_found()])


def _now(site: Site) -> dict[str, Build]:
    def told(present: Present) -> Object:
        return {
            "components": list(present.components.listed),
            "incidents": _tell(site.overview.open_incidents, present),
            "scheduled_maintenances": _plan(site.overview.maintenances, (*UPCOMING, *ACTIVE), present),
        }

    def status(present: Present) -> Object:
        return {"status": present.status_object(), **present.age(now=site.editions[0].now)}

    return {
        "summary.json": lambda present: {**told(present), **status(present)},
        "status.json": status,
        "components.json": lambda p: {
            "components": list(p.components.listed),
            **p.age(now=site.editions[0].now),
        },
    }


def _incidents(site: Site) -> dict[str, Build]:
    newest = sorted(site.incidents, key=lambda key: key.published_at, reverse=True)[:NEWEST]

    @cache
    def load() -> tuple[IncidentView, ...]:
        return site.load(newest)

    return {
        "incidents.json": lambda p: {"incidents": _tell(load(), p)},
        "incidents/unresolved.json": lambda p: {"incidents": _tell(site.overview.open_incidents, p)},
    }


def _maintenances(site: Site) -> dict[str, Build]:
    told = [key for key in site.maintenances if key.state in TOLD]
    newest = sorted(told, key=lambda key: key.created_at, reverse=True)[:NEWEST]

    def listed(states: Sequence[str]) -> Build:
        return lambda p: {"scheduled_maintenances": _plan(site.overview.maintenances, states, p)}

    return {
        "scheduled-maintenances.json": lambda present: {
            "scheduled_maintenances": _plan(site.load_maintenances(newest), TOLD, present)
        },
        "scheduled-maintenances/upcoming.json": listed(UPCOMING),
        "scheduled-maintenances/active.json": listed(ACTIVE),
    }


def _tell(incidents: Iterable[IncidentView], present: Present) -> list[Object]:
    """The newest first, by when they were told."""
    ordered = sorted(incidents, key=lambda one: (one.published_at, one.id), reverse=True)
    return [incident_object(incident, present) for incident in ordered]


def _plan(maintenances: Iterable[MaintenanceView], states: Sequence[str], present: Present) -> list[Object]:
    ordered = sorted(maintenances, key=lambda one: one.created_at, reverse=True)
    return [maintenance_object(one, present) for one in ordered if one.state in states]


def _source(site: Site, name: str, key: str, builds: dict[str, Build]) -> Source:
    """Documents of the first language, each with its twin in which nothing is known."""

    def render() -> list[File]:
        now = Present(site.editions[0], site.overview)
        stale = Present(site.editions[0], greyed(site.overview))
        with translation.override(site.page.first_language):
            return [
                File(BASE + path, _write(build, now), JSON, stale=_write(build, stale))
                for path, build in builds.items()
            ]

    return Source(f"v2:{name}", key, tuple(BASE + path for path in builds), render)


def _write(build: Build, present: Present) -> bytes:
    return dump({"page": present.page_object(), **build(present)})


def _not_found() -> File:
    return File(NOT_FOUND, dump({"error": "There is nothing at this address."}), JSON, status=404)


def dump(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
