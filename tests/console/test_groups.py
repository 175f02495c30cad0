"""What services and groups are called, and where they stand."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions.group import create_group
from incidents.models import Service, ServiceGroup
from tests import make
from tests.console.conftest import Desk


def test_a_group_is_added_in_another_with_its_texts(desk: Desk) -> None:
    top = create_group(desk.page, name="メール")
    sent = {
        "name": "検索",
        "description": "説明",
        "name_en": "Search",
        "description_en": "What it does",
        "parent": top.pk,
        "is_collapsed": "on",
    }
    response = desk.client.post("/console/groups/new/", sent)
    assert response["Location"] == "/console/groups/"
    group = ServiceGroup.objects.get(name="検索")
    assert (group.parent, group.is_collapsed, group.description) == (top, True, "説明")
    assert group.texts == {"en": {"name": "Search", "description": "What it does"}}
    form = desk.client.get(f"/console/groups/{group.pk}/").context["form"]
    assert (form["name_en"].value(), form["parent"].value()) == ("Search", top.pk)
    html = desk.client.get("/console/groups/").content.decode()
    assert html.index("メール") < html.index("検索")
    assert "depth-1" in html


def test_a_group_is_renamed_and_moved_to_the_top(desk: Desk) -> None:
    group = create_group(desk.page, name="検索", parent=create_group(desk.page, name="メール"))
    desk.client.post(f"/console/groups/{group.pk}/", {"name": "全文検索", "parent": ""})
    group.refresh_from_db()
    assert (group.name, group.parent, group.is_collapsed) == ("全文検索", None, False)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "メール"}, "name"),
        ({"parent": "999"}, "parent"),
        ({"name_en": "x" * 101}, "name_en"),
    ],
)
def test_a_wrong_group_names_its_field_and_changes_nothing(
    desk: Desk, wrong: dict[str, Any], field: str
) -> None:
    create_group(desk.page, name="メール")
    group = create_group(desk.page, name="検索")
    response = desk.client.post(
        f"/console/groups/{group.pk}/", {"name": "検索", "description": "Keep me", **wrong}
    )
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert "Keep me" in response.content.decode()
    assert ServiceGroup.objects.filter(name="検索", description="").exists()


def test_a_group_cannot_be_put_into_a_group_in_it(desk: Desk) -> None:
    top = create_group(desk.page, name="メール")
    inner = create_group(desk.page, name="検索", parent=top)
    response = desk.client.post(f"/console/groups/{top.pk}/", {"name": "メール", "parent": inner.pk})
    assert "cannot stand in itself" in str(response.context["form"].errors["parent"])


def test_groups_change_places_and_one_is_removed_without_what_stands_in_it(desk: Desk) -> None:
    first, second = create_group(desk.page, name="1"), create_group(desk.page, name="2")
    service = make.service(desk.page, group="2")
    desk.client.post(f"/console/groups/{second.pk}/move/", {"to": "up"})
    assert list(ServiceGroup.objects.values_list("name", flat=True)) == ["2", "1"]
    desk.client.post(f"/console/groups/{second.pk}/move/", {"to": "down"})
    assert list(ServiceGroup.objects.values_list("name", flat=True)) == ["1", "2"]
    desk.client.post(f"/console/groups/{second.pk}/remove/")
    service.refresh_from_db()
    assert service.group is None
    assert list(ServiceGroup.objects.all()) == [first]


def test_a_group_of_another_page_is_not_found(desk: Desk) -> None:
    group = create_group(make.page(), name="x")
    desk.page.host = "testserver"
    desk.page.save()
    assert desk.client.get(f"/console/groups/{group.pk}/").status_code == 404


def test_a_service_is_renamed_in_every_language_and_placed(desk: Desk) -> None:
    group = create_group(desk.page, name="メール")
    service = make.service(desk.page, slug="search", name="検索")
    sent = {
        "name": "メール検索",
        "description": "説明",
        "name_en": "Mail search",
        "description_en": "",
        "group": group.pk,
    }
    response = desk.client.post("/console/services/search/edit/", sent)
    assert response["Location"] == "/console/services/search/"
    service.refresh_from_db()
    assert (service.name, service.group, service.texts) == (
        "メール検索",
        group,
        {"en": {"name": "Mail search"}},
    )
    form = desk.client.get("/console/services/search/edit/").context["form"]
    assert (form["name_en"].value(), form["group"].value()) == ("Mail search", group.pk)


def test_a_new_service_has_its_name_in_every_language(desk: Desk) -> None:
    sent = {"name": "検索", "name_en": "Search", "slug": "search", "code": "SRC", "policy": "draft"}
    desk.client.post("/console/services/new/", sent)
    assert Service.objects.get().texts == {"en": {"name": "Search"}}


def test_a_name_that_is_taken_is_refused_at_its_field(desk: Desk) -> None:
    make.service(desk.page, name="検索")
    make.service(desk.page, slug="mail", name="受信")
    response = desk.client.post("/console/services/mail/edit/", {"name": "検索"})
    assert response.status_code == 422
    assert "name" in response.context["form"].errors


def test_services_change_places(desk: Desk) -> None:
    for slug in "abc":
        make.service(desk.page, slug=slug, name=slug.upper())
    desk.client.post("/console/services/c/move/", {"to": "up"})
    html = desk.client.get("/console/services/").content.decode()
    assert re.findall(r'main-link" href="/console/services/(\w)/"', html) == ["a", "c", "b"]


def test_groups_cost_the_same_queries_however_many_there_are(desk: Desk) -> None:
    def count() -> list[int]:
        found = []
        for address in ("/console/groups/", "/console/groups/new/", "/console/services/"):
            with CaptureQueriesContext(connection) as queries:
                desk.client.get(address)
            found.append(len(queries))
        return found

    make.service(desk.page, group="1")
    once = count()
    for name in "23":
        inner = create_group(desk.page, name=name, parent=ServiceGroup.objects.get(name="1"))
        make.service(desk.page, group=inner.name)
    assert count() == once
