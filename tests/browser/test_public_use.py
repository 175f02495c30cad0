"""The page in use: without JavaScript, by keyboard, from another zone, under its own policy."""

from collections.abc import Iterator

import pytest
import time_machine
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.models import Page
from tests.browser.conftest import OpenTab
from tests.browser.scenes import NOW, SCENES, show_major, show_operational

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def at_the_moment_of_the_scenes() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


def test_it_works_without_javascript(open_tab: OpenTab, page: Page) -> None:
    show_major(page)
    tab = open_tab("/", java_script_enabled=False)
    earlier = tab.locator(".earlier")
    assert not earlier.locator("ol").is_visible()
    earlier.locator("> summary").click()
    assert earlier.locator("ol").is_visible()
    assert "2020年9月4日（金）15:01" in tab.locator(".as-of").inner_text()


def test_the_history_of_a_service_is_found_without_javascript(open_tab: OpenTab, page: Page) -> None:
    show_major(page)
    tab = open_tab("/history", java_script_enabled=False)
    tab.locator("summary", has_text="サービス別の履歴").click()
    tab.get_by_role("link", name="メール送信中継", exact=True).click()
    tab.wait_for_url("**/services/relay#past")
    expect(tab.locator("section", has=tab.locator("#past"))).to_contain_text("メール送信の遅延")
    assert open_tab("/history").get_by_text("サービス別の履歴").count() == 0


def test_a_group_is_folded_only_while_all_is_well_in_it(open_tab: OpenTab, page: Page) -> None:
    show_operational(page)
    tab = open_tab("/", java_script_enabled=False)
    api = tab.get_by_role("link", name="API")
    expect(api).to_be_hidden()
    tab.locator("summary", has_text="管理機能").click()
    tab.locator("summary", has_text="外部連携").click()
    expect(api).to_be_visible()


def test_a_group_with_trouble_is_open(open_tab: OpenTab, page: Page) -> None:
    SCENES["degraded"](page)
    tab = open_tab("/", java_script_enabled=False)
    expect(tab.locator(".group").get_by_role("link", name="管理画面", exact=True)).to_be_visible()
    expect(tab.get_by_role("link", name="API")).to_be_hidden()


def test_a_visitor_elsewhere_sees_the_own_time_beside_every_instant(open_tab: OpenTab, page: Page) -> None:
    incident = show_major(page)
    at_home = open_tab("/")
    assert at_home.locator(".visitor-time").count() == 0
    abroad = open_tab("/en/", timezone_id="Europe/Berlin", locale="en-GB")
    assert "your time 08:30" in abroad.locator(".promise .visitor-time").first.inner_text()
    assert "your time 08:01" in abroad.locator(".as-of .visitor-time").inner_text()
    abroad = open_tab(f"/en/incidents/{incident.reference}", timezone_id="America/New_York", locale="en-US")
    impact = abroad.locator("section", has_text="Impact by service").locator(".visitor-time").first
    assert impact.inner_text().strip() == "/ your time Aug 31 20:00 – 00:50"


def test_the_keyboard_reaches_the_content_first(open_tab: OpenTab, page: Page) -> None:
    show_operational(page)
    tab = open_tab("/")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "content"


def test_a_keyboard_goes_through_the_page_and_each_stop_is_seen(open_tab: OpenTab, page: Page) -> None:
    show_major(page)
    tab = open_tab("/", width=375)
    stops = list(focus_stops(tab))
    words = [words for words, _outline in stops]
    in_order = ["本文へ移動", "サンプルメール 稼働状況", "English", "配信登録"]
    assert words[: len(in_order)] == in_order
    for expected in (
        "一部のメールがアーカイブに保存されていない事象について",
        "以前のお知らせ（2件）",
        "メールアーカイブ",
    ):
        assert expected in words
    assert all(outline == "solid" for _words, outline in stops)
    earlier = tab.locator(".earlier")
    earlier.locator("> summary").focus()
    tab.keyboard.press("Enter")
    expect(earlier.locator("ol")).to_be_visible()


def focus_stops(tab: Tab) -> Iterator[tuple[str, str]]:
    """What Tab stops at, from the top to the end of the page, and the style of the outline there."""
    # A day of a bar is a link in a drawing: its own stroke shows where one is.
    told = """el => el instanceof SVGElement ? [el.textContent.trim(), "solid"]
        : [el.innerText.trim(), getComputedStyle(el).outlineStyle]"""
    for _press in range(100):
        tab.keyboard.press("Tab")
        at = tab.evaluate_handle("document.activeElement")
        if tab.evaluate("document.activeElement === document.body"):
            return
        yield tuple(at.evaluate(told))
    raise AssertionError("Tab never leaves the page")


def test_the_browser_reports_no_breach_of_the_policy(open_tab: OpenTab, page: Page) -> None:
    incident = show_major(page)
    complaints: list[str] = []
    tab = open_tab("/")
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("response", lambda response: complaints.extend([response.url] * (response.status >= 400)))
    for address in ("/", "/history", f"/incidents/{incident.reference}"):
        tab.goto(address)
    assert not complaints
    assert tab.request.get("/favicon.ico").status == 200
