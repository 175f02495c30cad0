"""A page's services and groups as v2's flat list of components."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.lib.ids import short_id
from incidents.models import Page, ServiceStatus, worst
from incidents.queries.groups import GroupFacts
from incidents.queries.service import ServiceView
from incidents.queries.v2.indicator import COMPONENT_STATUS
from incidents.queries.v2.stamps import stamp

Object = dict[str, Any]


@dataclass(frozen=True)
class Components:
    """`listed`: services and groups in v2's order; `by_service`: the services alone, by their id."""

    listed: tuple[Object, ...]
    by_service: Mapping[int, Object]


def components_of(
    page: Page, services: Sequence[ServiceView], groups: Mapping[int, GroupFacts]
) -> Components:
    """`services` in the order of the page. Groups of groups become one level, each named by its whole path;
    one that holds no service itself is left out. Positions count from 1, in each group anew.
    """
    listed: list[Object] = []
    by_service: dict[int, Object] = {}
    for position, (group, members) in enumerate(_entries(services, groups), start=1):
        places = [position] if group is None else range(1, len(members) + 1)
        inside = [
            _component(page, s, group, position=place) for s, place in zip(members, places, strict=True)
        ]
        listed += inside if group is None else [_group(page, group, members, position=position), *inside]
        by_service |= {service.id: made for service, made in zip(members, inside, strict=True)}
    return Components(tuple(sorted(listed, key=lambda one: one["position"])), by_service)


def _entries(
    services: Iterable[ServiceView], groups: Mapping[int, GroupFacts]
) -> Iterator[tuple[GroupFacts | None, list[ServiceView]]]:
    """What stands on the first level: each service without a group alone, each group with its services."""
    found: dict[tuple[str, int], list[ServiceView]] = {}
    for service in services:
        grouped = service.group_id is not None and service.group_id in groups
        key = ("group", service.group_id or 0) if grouped else ("service", service.id)
        found.setdefault(key, []).append(service)
    return (
        (groups[number] if kind == "group" else None, members) for (kind, number), members in found.items()
    )


def _component(page: Page, service: ServiceView, group: GroupFacts | None, *, position: int) -> Object:
    return {
        **_common(page, created_at=service.created_at, updated_at=service.changed_at, status=service.status),
        "id": short_id("service", service.id),
        "name": service.name,
        "position": position,
        "description": service.description or None,
        "showcase": True,
        "start_date": service.created_at.astimezone(page.zone).date().isoformat(),
        "group_id": short_id("group", group.id) if group else None,
        "group": False,
    }


def _group(page: Page, group: GroupFacts, members: Sequence[ServiceView], *, position: int) -> Object:
    changed_at = max([group.updated_at, *(service.changed_at for service in members)])
    status = worst(service.status for service in members)
    return {
        **_common(page, created_at=group.created_at, updated_at=changed_at, status=status),
        "id": short_id("group", group.id),
        "name": group.path,
        "position": position,
        "description": group.description or None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "group": True,
        "components": [short_id("service", service.id) for service in members],
    }


def _common(page: Page, *, created_at: datetime, updated_at: datetime, status: ServiceStatus) -> Object:
    return {
        "page_id": short_id("page", page.pk),
        "status": COMPONENT_STATUS[status],
        "created_at": stamp(created_at, page.zone),
        "updated_at": stamp(updated_at, page.zone),
        "only_show_if_degraded": False,
        "x_unknown": status == ServiceStatus.UNKNOWN,
    }
