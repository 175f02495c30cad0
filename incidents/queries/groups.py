"""Groups of services: as the tree they are shown as, and as a list of one level knows them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from incidents.lib.languages import Texts, in_language
from incidents.models import Page, ServiceGroup, ServiceStatus, worst
from incidents.queries.service import ServiceView

SEPARATOR = " / "
LEVELS_BELOW_TOP = 2


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
    first_language: str = ""
    texts: Texts = field(default_factory=dict)
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> ServiceStatus:
        return worst(service.status for service in self.services)

    def in_language(self, language: str) -> "GroupView":
        services = tuple(service.in_language(language) for service in self.services)
        return replace(in_language(self, ("name", "description"), language), services=services)


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
        """Trouble is never folded away."""
        return not self.group.is_collapsed or self.status != ServiceStatus.OPERATIONAL


def view_groups(page: Page, services: Sequence[ServiceView]) -> tuple[GroupView, ...]:
    """Every group that holds a service, itself or in a group in it, in the order of a tree read from the top;
    the page's own before those of others."""
    wanted = {service.group_id for service in services if service.group_id}
    rows = ServiceGroup.objects.filter(page__groups__in=wanted).select_related("page").distinct()
    in_order = sorted(rows, key=lambda row: (row.position, row.pk))
    return tuple(
        view.in_language(page.first_language)
        for is_own in (True, False)
        for view in _view_tree(
            [row for row in in_order if (row.page_id == page.pk) is is_own],
            [service for service in services if (service.page_id == page.pk) is is_own],
        )
    )


def _view_tree(rows: Sequence[ServiceGroup], services: Sequence[ServiceView]) -> Iterator[GroupView]:
    members: dict[int | None, list[ServiceView]] = defaultdict(list)
    for service in services:
        members[service.group_id].append(service)
    if members[None]:
        yield GroupView("", tuple(members[None]))
    below: dict[int | None, list[ServiceGroup]] = defaultdict(list)
    for row in rows:
        below[row.parent_id].append(row)
    yield from _walk(None, depth=0, below=below, members=members)


def tree(groups: Sequence[GroupView], depth: int = 0) -> tuple[GroupNode, ...]:
    """The same groups, each with those that follow it deeper."""
    starts = [index for index, group in enumerate(groups) if group.depth == depth]
    ends = [*starts[1:], len(groups)]
    return tuple(
        GroupNode(groups[start], tree(groups[start + 1 : end], depth + 1))
        for start, end in zip(starts, ends, strict=False)
    )


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
            yield _view(row, own, depth=depth)
            yield from inner


def _view(row: ServiceGroup, services: tuple[ServiceView, ...], *, depth: int) -> GroupView:
    return GroupView(
        name=row.name,
        services=services,
        description=row.description,
        is_collapsed=row.is_collapsed,
        depth=depth,
        first_language=row.page.first_language,
        texts=row.texts,
    )


def all_groups(page: Page) -> list[tuple[ServiceGroup, int]]:
    """Every group of the page with its depth, in the order of a tree read from the top."""
    below: dict[int | None, list[ServiceGroup]] = defaultdict(list)
    for row in ServiceGroup.objects.filter(page=page).order_by("position", "id"):
        below[row.parent_id].append(row)

    def walk(parent_id: int | None, depth: int) -> Iterator[tuple[ServiceGroup, int]]:
        for row in below[parent_id]:
            yield row, depth
            yield from walk(row.pk, depth + 1)

    return list(walk(None, 0))


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
