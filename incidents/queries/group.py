"""Services under the groups they stand in, in the order they are shown."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from incidents.models import Page, ServiceGroup, ServiceStatus, worst
from incidents.queries.service import ServiceView


@dataclass(frozen=True)
class GroupView:
    """A group with the services that stand in it directly; those without a group come under "".

    `depth` is 0 at the top; the groups in it follow it.
    """

    name: str
    services: tuple[ServiceView, ...]
    description: str = ""
    is_collapsed: bool = False
    depth: int = 0

    @property
    def status(self) -> ServiceStatus:
        return worst(service.status for service in self.services)


@dataclass(frozen=True)
class GroupNode:
    """A group with those in it, each with those in it."""

    group: GroupView
    subgroups: "tuple[GroupNode, ...]"

    @property
    def status(self) -> ServiceStatus:
        return worst([self.group.status, *(node.status for node in self.subgroups)])

    @property
    def is_open(self) -> bool:
        """What is wrong, or not known, is never folded away."""
        return not self.group.is_collapsed or self.status != ServiceStatus.OPERATIONAL


def view_groups(page: Page, services: Sequence[ServiceView]) -> tuple[GroupView, ...]:
    """Every group that holds a service, itself or in a group in it, in the order of a tree read from the top."""
    groups = _groups(page)
    members: dict[int | None, list[ServiceView]] = defaultdict(list)
    for service in services:
        members[service.group_id if service.group_id in groups else None].append(service)
    below: dict[int | None, list[ServiceGroup]] = defaultdict(list)
    for group in groups.values():
        below[_parent_id(group, groups)].append(group)
    loose = (GroupView("", tuple(members[None])),) if members[None] else ()
    return (*loose, *_walk(None, depth=0, below=below, members=members))


def tree(groups: Sequence[GroupView], depth: int = 0) -> tuple[GroupNode, ...]:
    """The same groups, each with those that follow it deeper."""
    starts = [index for index, group in enumerate(groups) if group.depth == depth]
    ends = [*starts[1:], len(groups)]
    return tuple(
        GroupNode(groups[start], tree(groups[start + 1 : end], depth + 1))
        for start, end in zip(starts, ends, strict=False)
    )


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


def _walk(
    parent_id: int | None,
    *,
    depth: int,
    below: Mapping[int | None, list[ServiceGroup]],
    members: Mapping[int | None, list[ServiceView]],
) -> Iterator[GroupView]:
    for row in below.get(parent_id, ()):
        inner = list(_walk(row.pk, depth=depth + 1, below=below, members=members))
        own = tuple(members.get(row.pk, ()))
        if own or inner:
            yield GroupView(row.name, own, row.description, row.is_collapsed, depth)
            yield from inner
