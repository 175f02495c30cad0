"""The services of a page as a tree of groups, each with the worst of what is in it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from incidents.models import Page, ServiceGroup, ServiceStatus, worst
from incidents.queries.service import ServiceView


@dataclass(frozen=True)
class GroupView:
    """Services under one name, before the groups inside of it; services in no group come under ""."""

    name: str
    description: str
    is_collapsed: bool
    services: tuple[ServiceView, ...]
    subgroups: tuple["GroupView", ...]

    @property
    def all_services(self) -> tuple[ServiceView, ...]:
        """Those inside of it at any depth, in the order in which they are shown."""
        inside = (service for group in self.subgroups for service in group.all_services)
        return (*self.services, *inside)

    @property
    def status(self) -> ServiceStatus:
        return worst(service.status for service in self.all_services)

    @property
    def is_open(self) -> bool:
        """Nothing that is wrong, or not known, is folded away."""
        return not self.is_collapsed or self.status != ServiceStatus.OPERATIONAL


def view_groups(page: Page, services: Iterable[ServiceView]) -> tuple[GroupView, ...]:
    """`services` in their order, in the groups that hold any; services in no group first."""
    groups = _groups(page)
    members: dict[int | None, list[ServiceView]] = defaultdict(list)
    for service in services:
        members[service.group_id if service.group_id in groups else None].append(service)
    subgroups: dict[int | None, list[ServiceGroup]] = defaultdict(list)
    for group in groups.values():
        subgroups[_parent_id(group, groups)].append(group)

    def view(group: ServiceGroup) -> GroupView:
        inside = (view(subgroup) for subgroup in subgroups[group.pk])
        return GroupView(
            name=group.name,
            description=group.description,
            is_collapsed=group.is_collapsed,
            services=tuple(members[group.pk]),
            subgroups=tuple(found for found in inside if found.all_services),
        )

    alone = GroupView("", "", is_collapsed=False, services=tuple(members[None]), subgroups=())
    shown = (alone, *(view(group) for group in subgroups[None]))
    return tuple(group for group in shown if group.all_services)


def _groups(page: Page) -> dict[int, ServiceGroup]:
    """The page's own before those of other pages whose services it shows, each by position."""
    theirs = Q(page__services__also_on=page)
    found = ServiceGroup.objects.filter(Q(page=page) | theirs).distinct().order_by("position", "id")
    return {group.pk: group for group in sorted(found, key=lambda group: group.page_id != page.pk)}


def _parent_id(group: ServiceGroup, groups: Mapping[int, ServiceGroup]) -> int | None:
    """None at the top. A group that comes to stand in itself stands there too, so that no service is lost."""
    above = groups.get(group.parent_id) if group.parent_id else None
    parent, seen = above, set[int]()
    while above is not None and above.pk not in seen:
        if above.pk == group.pk:
            return None
        seen.add(above.pk)
        above = groups.get(above.parent_id) if above.parent_id else None
    return parent.pk if parent else None
