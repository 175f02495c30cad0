"""Groups in groups, and services in them."""

from typing import Any

import pytest

from incidents.actions.group import create_group, edit_group, move_group, remove_group
from incidents.actions.service import edit_service, move_service
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Page, Service, ServiceGroup
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page()


def names(page: Page) -> list[str]:
    return list(ServiceGroup.objects.filter(page=page).values_list("name", flat=True))


def test_a_group_has_its_texts_its_place_and_whether_it_is_folded(page: Page) -> None:
    top = create_group(page, name="メール")
    texts = {"en": {"name": "Search", "description": " For mail "}}
    group = create_group(
        page,
        name=" 検索 ",
        description="説明",
        parent=top,
        is_collapsed=True,
        texts=texts,
        actor=make.staff(),
    )
    group.refresh_from_db()
    assert (group.name, group.description, group.parent, group.is_collapsed) == ("検索", "説明", top, True)
    assert group.texts == {"en": {"name": "Search", "description": "For mail"}}
    assert AuditEntry.objects.filter(action="create_group", actor_name="staff@example.com").count() == 1


def test_groups_stand_at_most_two_levels_below_the_top(page: Page) -> None:
    first = create_group(page, name="1")
    second = create_group(page, name="2", parent=first)
    third = create_group(page, name="3", parent=second)
    with pytest.raises(Refused, match="at most 2 levels below") as refused:
        create_group(page, name="4", parent=third)
    assert refused.value.field == "parent"
    other = create_group(page, name="A")
    with pytest.raises(Refused, match="at most 2 levels below"):
        edit_group(first, name="1", parent=other)
    edit_group(second, name="2", parent=other)
    third.refresh_from_db()
    assert third.parent == second


def test_a_group_never_stands_in_itself(page: Page) -> None:
    first = create_group(page, name="1")
    second = create_group(page, name="2", parent=first)
    for inner in (first, second):
        with pytest.raises(Refused, match="cannot stand in itself"):
            edit_group(first, name="1", parent=inner)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "メール"}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x", "texts": {"fr": {"name": "Courriel"}}}, "texts"),
        ({"name": "x", "texts": {"en": {"name": "x" * 101}}}, "name_en"),
        ({"name": "x", "texts": {"en": {"description": "x" * 301}}}, "description_en"),
    ],
)
def test_a_group_that_cannot_be_so_is_refused_by_its_field(
    page: Page, values: dict[str, Any], field: str
) -> None:
    create_group(page, name="メール")
    with pytest.raises(Refused) as refused:
        create_group(page, **values)
    assert refused.value.field == field
    assert names(page) == ["メール"]


def test_a_group_of_another_page_is_no_parent(page: Page) -> None:
    with pytest.raises(Refused, match="not a group of this page"):
        create_group(page, name="x", parent=create_group(make.page(), name="y"))


def test_groups_and_services_change_over_with_their_neighbour(page: Page) -> None:
    first, second, third = (create_group(page, name=name) for name in "123")
    move_group(third, up=True)
    move_group(first, up=False)
    move_group(second, up=False)
    assert names(page) == ["3", "1", "2"]
    services = [make.service(page, name=name, group="1") for name in "abc"]
    make.service(page, name="elsewhere")
    move_service(services[0], up=True)
    move_service(services[2], up=True)
    inside = Service.objects.filter(group=first).order_by("position")
    assert [service.name for service in inside] == ["a", "c", "b"]


def test_what_stood_in_a_removed_group_stands_where_it_stood(page: Page) -> None:
    top = create_group(page, name="top")
    middle = create_group(page, name="middle", parent=top)
    inner = create_group(page, name="inner", parent=middle)
    service = make.service(page, group="middle")
    remove_group(middle)
    service.refresh_from_db()
    inner.refresh_from_db()
    assert (service.group, inner.parent) == (top, top)


def test_a_service_is_renamed_described_and_placed_and_keeps_its_address(page: Page) -> None:
    group = create_group(page, name="メール")
    service = make.service(page, slug="search", name="検索")
    before = page.revision
    edited = edit_service(
        service, name="メール検索", description="説明", group=group, texts={"en": {"name": "Mail search"}}
    )
    assert (edited.slug, edited.name, edited.description, edited.group) == (
        "search",
        "メール検索",
        "説明",
        group,
    )
    assert edited.texts == {"en": {"name": "Mail search"}}
    page.refresh_from_db()
    assert page.revision > before


def test_a_name_is_that_of_one_service(page: Page) -> None:
    make.service(page, name="検索")
    other = make.service(page, name="受信")
    with pytest.raises(Refused) as refused:
        edit_service(other, name="検索")
    assert refused.value.field == "name"
    edit_service(other, name="受信", description="同じ名前のまま")


def test_a_service_stands_in_a_group_of_its_own_page(page: Page) -> None:
    with pytest.raises(Refused, match="not a group of this page"):
        edit_service(make.service(page), name="x", group=create_group(make.page(), name="y"))
