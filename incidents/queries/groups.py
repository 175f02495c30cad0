"""Groups of services with what a list of one level needs to know of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from incidents.models import ServiceGroup

SEPARATOR = " / "


@dataclass(frozen=True)
class GroupFacts:
    """`path` names the groups it stands in before its own name."""

    id: int
    path: str
    description: str
    created_at: datetime
    updated_at: datetime


def group_facts(group_ids: Iterable[int]) -> dict[int, GroupFacts]:
    """Of all groups of the pages that these are of, by the group's id."""
    found = ServiceGroup.objects.filter(page__groups__in=set(group_ids)).distinct()
    groups = {group.pk: group for group in found}
    return {
        group.pk: GroupFacts(
            id=group.pk,
            path=SEPARATOR.join(_path(group, groups)),
            description=group.description,
            created_at=group.created_at,
            updated_at=group.updated_at,
        )
        for group in groups.values()
    }


def _path(group: ServiceGroup, groups: dict[int, ServiceGroup]) -> list[str]:
    """The names from the outermost group on; a ring, which no screen can make, ends where it closes."""
    names: list[str] = []
    seen: set[int] = set()
    above: ServiceGroup | None = group
    while above is not None and above.pk not in seen:
        seen.add(above.pk)
        names.insert(0, above.name)
        above = groups.get(above.parent_id) if above.parent_id else None
    return names
