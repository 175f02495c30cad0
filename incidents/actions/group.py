"""Groups of services, in one another."""

from collections.abc import Mapping

from django.db import transaction

from incidents.actions import audit
from incidents.actions.revision import lock_page, touch_page
from incidents.actions.service import LONGEST, swap_places
from incidents.actions.texts import written
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.languages import Texts
from incidents.models import Page, Service, ServiceGroup, Staff
from incidents.queries.groups import LEVELS_BELOW_TOP


@transaction.atomic
def create_group(
    page: Page,
    *,
    name: str,
    description: str = "",
    parent: ServiceGroup | None = None,
    is_collapsed: bool = False,
    texts: Texts | None = None,
    actor: Staff | None = None,
) -> ServiceGroup:
    page = lock_page(page.pk)
    position = ServiceGroup.objects.filter(page=page).count()
    group = ServiceGroup(page=page, position=position, is_collapsed=is_collapsed)
    _fill(group, name=name, description=description, parent=parent, texts=texts)
    audit.record("create_group", group, actor=actor, after=_described(group))
    touch_page(page.pk)
    return group


@transaction.atomic
def edit_group(
    group: ServiceGroup,
    *,
    name: str,
    description: str = "",
    parent: ServiceGroup | None = None,
    is_collapsed: bool = False,
    texts: Texts | None = None,
    actor: Staff | None = None,
) -> ServiceGroup:
    page = lock_page(group.page_id)
    group = ServiceGroup.objects.get(pk=group.pk)
    group.page, group.is_collapsed = page, is_collapsed
    before = _described(group)
    _fill(group, name=name, description=description, parent=parent, texts=texts)
    audit.record("edit_group", group, actor=actor, before=before, after=_described(group))
    touch_page(page.pk)
    return group


@transaction.atomic
def move_group(group: ServiceGroup, *, up: bool, actor: Staff | None = None) -> None:
    """One place up or down among the groups beside it; at the end it stays where it is."""
    lock_page(group.page_id)
    siblings = ServiceGroup.objects.filter(page=group.page_id, parent=group.parent_id)
    swap_places(list(siblings.order_by("position", "id")), group, up=up)
    audit.record("move_group", group, actor=actor, after={"up": up})
    touch_page(group.page_id)


@transaction.atomic
def remove_group(group: ServiceGroup, *, actor: Staff | None = None) -> None:
    """What stood in it stands where it stood."""
    lock_page(group.page_id)
    group = ServiceGroup.objects.get(pk=group.pk)
    Service.objects.filter(group=group).update(group=group.parent_id)
    ServiceGroup.objects.filter(parent=group).update(parent=group.parent_id)
    audit.record("remove_group", group, actor=actor, before=_described(group))
    touch_page(group.page_id)
    group.delete()


def _fill(
    group: ServiceGroup, *, name: str, description: str, parent: ServiceGroup | None, texts: Texts | None
) -> None:
    _check_name(group, name.strip())
    _check_parent(group, parent)
    group.name, group.description, group.parent = name.strip(), description.strip(), parent
    group.texts = written(texts or {}, longest=LONGEST, page=group.page)
    group.updated_at = times.now()
    group.save()


def _check_name(group: ServiceGroup, name: str) -> None:
    if not name:
        raise Refused("a group needs a name", field="name")
    if ServiceGroup.objects.filter(page=group.page, name=name).exclude(pk=group.pk).exists():
        raise Refused(f"{name!r} is taken by another group", field="name")


def _check_parent(group: ServiceGroup, parent: ServiceGroup | None) -> None:
    if parent is None:
        return
    if parent.page_id != group.page_id:
        raise Refused(f"{parent.name!r} is not a group of this page", field="parent")
    parents = dict(ServiceGroup.objects.filter(page=group.page_id).values_list("pk", "parent_id"))
    above = _ancestors(parent.pk, parents)
    if group.pk in above:
        raise Refused("a group cannot stand in itself or in a group that stands in it", field="parent")
    below = max((_depth_below(pk, group.pk, parents) for pk in parents), default=0)
    if len(above) + below > LEVELS_BELOW_TOP:
        raise Refused(f"groups stand at most {LEVELS_BELOW_TOP} levels below one at the top", field="parent")


def _ancestors(pk: int, parents: Mapping[int, int | None]) -> list[int]:
    """The group itself and every one it stands in, upwards."""
    found: list[int] = []
    at: int | None = pk
    while at is not None:
        found.append(at)
        at = parents[at]
    return found


def _depth_below(pk: int, top: int | None, parents: Mapping[int, int | None]) -> int:
    """How many levels the group stands below `top`; 0 where it does not stand in it."""
    above = _ancestors(pk, parents)
    return above.index(top) if top in above else 0


def _described(group: ServiceGroup) -> dict[str, object]:
    names = ("name", "description", "parent_id", "is_collapsed", "texts")
    return {name: getattr(group, name) for name in names}
