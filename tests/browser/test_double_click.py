"""Nervous fingers: a button pressed twice does its work once."""

from typing import Any

import pytest
from playwright.sync_api import APIResponse, Route, expect
from playwright.sync_api import Page as Tab

from incidents.models import Incident, Page
from tests import make
from tests.browser import desk
from tests.browser.conftest import OpenTab
from tests.browser.mailbox import Mailbox
from tests.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WITH_AND_WITHOUT_SCRIPT = pytest.mark.parametrize("scripted", [True, False])
SEND_AT_ONCE = """form => Promise.all([1, 2, 3].map(
    () => fetch(form.action, {method: "POST", body: new FormData(form)}).then(answer => answer.status)))"""


@pytest.fixture
def draft(page: Page) -> Incident:
    make.staff()
    return make.incident(page)


def at_the_desk(open_tab: OpenTab, **options: Any) -> Tab:
    tab = open_tab("/console/", **options)
    desk.sign_in(tab, "staff@example.com")
    return tab


@WITH_AND_WITHOUT_SCRIPT
def test_a_double_click_publishes_a_draft_once(open_tab: OpenTab, draft: Incident, scripted: bool) -> None:
    tab = at_the_desk(open_tab, java_script_enabled=scripted)
    tab.dblclick(f"#publish-{draft.reference}")
    expect(tab.locator("#update-1")).to_be_visible()
    expect(tab.locator(".banner.warning")).to_have_count(0)
    assert draft.updates.count() == 1


@WITH_AND_WITHOUT_SCRIPT
def test_a_double_click_publishes_an_update_once(open_tab: OpenTab, draft: Incident, scripted: bool) -> None:
    make.update(draft)
    tab = at_the_desk(open_tab, java_script_enabled=scripted)
    tab.goto(f"/console/incidents/{draft.reference}/")
    desk.write_update(tab, "identified", "原因を特定しました。")
    tab.dblclick("#publish-update")
    expect(tab.locator("#update-2")).to_be_visible()
    expect(tab.locator("article.update")).to_have_count(2)
    assert draft.updates.count() == 2


def test_a_second_click_after_a_lost_answer_publishes_nothing_more(
    open_tab: OpenTab, draft: Incident
) -> None:
    make.update(draft)
    tab = at_the_desk(open_tab, java_script_enabled=False)
    tab.goto(f"/console/incidents/{draft.reference}/")
    desk.write_update(tab, "identified", "原因を特定しました。")
    lose_the_first_answer(tab, "**/updates/")
    tab.click("#publish-update")
    tab.click("#publish-update")
    expect(tab.locator("#update-2")).to_be_visible()
    assert draft.updates.count() == 2


def test_a_button_works_once(open_tab: OpenTab, draft: Incident) -> None:
    tab = at_the_desk(open_tab)
    lose_the_first_answer(tab, "**/publish/")
    tab.click(f"#publish-{draft.reference}")
    expect(tab.locator(f"#publish-{draft.reference}")).to_be_disabled()


def lose_the_first_answer(tab: Tab, address: str) -> None:
    """The server acts on the first request, but the browser stays where it is."""
    arrived: list[APIResponse] = []

    def lose(route: Route) -> None:
        if arrived:
            route.continue_()
        else:
            arrived.append(route.fetch(max_redirects=0))
            route.fulfill(status=204)

    tab.route(address, lose)


def test_a_form_that_arrives_three_times_at_once_is_one_update(open_tab: OpenTab, draft: Incident) -> None:
    make.update(draft)
    tab = at_the_desk(open_tab)
    tab.goto(f"/console/incidents/{draft.reference}/")
    desk.write_update(tab, "identified", "原因を特定しました。")
    assert tab.locator("#composer").evaluate(SEND_AT_ONCE) == [200, 200, 200]
    assert draft.updates.count() == 2


def test_a_double_click_subscribes_once(open_tab: OpenTab, page: Page, sink: Sink) -> None:
    make.service(page)
    reader = Mailbox(sink, "reader@example.jp")
    tab = open_tab("/subscribe")
    tab.fill("#id_email", reader.address)
    tab.locator("main button").dblclick()
    expect(tab.locator("main button")).to_have_count(0)
    reader.fetch()
