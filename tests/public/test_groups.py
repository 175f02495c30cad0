"""Services in groups in groups, and the announcement over them, as a page's readers see them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.announcement import pin_announcement
from incidents.actions.group import create_group, edit_group
from incidents.actions.service import edit_service, set_status
from incidents.lib import times
from incidents.models import Page, ServiceGroup
from tests import make

pytestmark = pytest.mark.django_db
NOON = make.jst("2020-09-04 12:46")


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


def read(address: str = "/") -> str:
    with times.at(NOON):
        return str(Client().get(address).content.decode())


def placed(page: Page, name: str, group: ServiceGroup | None) -> None:
    edit_service(make.service(page, name=name, slug=name.lower()), name=name, group=group)


def test_services_stand_in_the_tree_of_their_groups(page: Page) -> None:
    mail = create_group(page, name="Mail", texts={"en": {"name": "E-mail"}})
    create_group(page, name="Nothing in it")
    inner = create_group(page, name="Search", description="What search is", parent=mail)
    for name, group in (("Deep", inner), ("Flat", mail), ("Loose", None)):
        placed(page, name, group)
    html = read()
    order = ["Loose", head("Mail", 3), "Flat", head("Search", 4), "What search is", "Deep"]
    places = [html.index(text) for text in order]
    assert places == sorted(places)
    assert "Nothing in it" not in html
    assert html.count('<details class="group" open>') == 2
    assert head("E-mail", 3) in read("/en/")


def head(name: str, level: int) -> str:
    return f'<h{level} class="group-head"><span class="group-name">{name}</span>'


def test_a_folded_group_opens_by_itself_while_anything_in_it_is_not_operational(page: Page) -> None:
    mail = create_group(page, name="Mail", is_collapsed=True)
    inner = create_group(page, name="Search", parent=mail)
    service = make.service(page, name="Deep")
    edit_service(service, name="Deep", group=inner)
    assert re.findall(r'<details class="group"( open)?>', read()) == ["", " open"]
    set_status(service, "degraded")
    html = read()
    assert re.findall(r'<details class="group"( open)?>', html) == [" open", " open"]
    assert re.search(rf'{head("Mail", 3)}\s*<span class="status status-degraded', html)


def test_groups_follow_their_order_at_each_level(page: Page) -> None:
    first, second = create_group(page, name="First"), create_group(page, name="Second")
    inner = create_group(page, name="Inner", parent=second)
    for name, group in (("a", inner), ("b", first), ("c", second)):
        placed(page, name, group)
    edit_group(first, name="First", parent=second)
    html = read()
    places = [html.index(f">{name}</span>") for name in ("Second", "First", "Inner")]
    assert places == sorted(places)


def test_an_announcement_stands_over_everything_but_the_state_in_the_reader_s_language(page: Page) -> None:
    placed(page, "Mail", None)
    with times.at(NOON - timedelta(hours=1)):
        pin_announcement(
            page,
            body="**停電**のお知らせ",
            texts={"en": {"body": "A power cut"}},
            until=NOON + timedelta(hours=1),
        )
    html = read()
    assert html.index('id="headline"') < html.index("<strong>停電</strong>") < html.index('id="services"')
    english = read("/en/")
    assert "A power cut" in english and "停電" not in english
    with times.at(NOON + timedelta(hours=2)):
        assert "停電" not in Client().get("/").content.decode()


def test_an_announcement_nobody_translated_is_marked(page: Page) -> None:
    with times.at(NOON):
        pin_announcement(page, body="停電")
    html = read("/en/")
    assert re.search(r'Japanese only</span></p>\s*<div class="prose" lang="ja"><p>停電', html)


def test_a_page_costs_the_same_queries_however_its_groups_stand(page: Page) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            read()
        return len(queries)

    group = create_group(page, name="0")
    placed(page, "a", group)
    once = count()
    for name in ("1", "2"):
        group = create_group(page, name=name, parent=group)
        placed(page, f"s{name}", group)
    assert count() == once
