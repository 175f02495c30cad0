"""An open page: it shows what was published since, and never looks newer than it is."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import time_machine
from playwright.sync_api import Locator, Route, expect
from playwright.sync_api import Page as Tab

from incidents.actions.maintenance import finish_maintenance, start_maintenance
from incidents.models import Incident, Page
from incidents.snapshots.catalogue import find_file
from incidents.snapshots.site import Site
from tests import make
from tests.browser.conftest import OpenTab
from tests.browser.scenes import NOW, show_maintenance, show_major, show_operational

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def server_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def open_with_clock(open_tab: OpenTab) -> Callable[..., Tab]:
    """A tab whose own clock shows `at` and moves when the test says so."""

    def open_one(address: str = "/", *, at: datetime = NOW) -> Tab:
        tab = open_tab("/robots.txt")
        tab.clock.install(time=at)
        tab.goto(address, wait_until="networkidle")
        return tab

    return open_one


def notice(tab: Tab) -> Locator:
    return tab.locator("#live .notice")


def let_a_minute_pass(tab: Tab) -> None:
    with tab.expect_request(lambda request: request.method == "HEAD"):
        tab.clock.run_for(61_000)
    tab.wait_for_timeout(300)  # what follows the answer has nothing that tells when it is done


def keep_answering(tab: Tab, *, later: timedelta, **headers: str) -> None:
    """The page as it is now, by a server whose clock goes on."""
    body = tab.request.get("/").body()
    date = format_datetime((NOW + later).astimezone(UTC), usegmt=True)
    answer = {"Content-Type": "text/html; charset=utf-8", "ETag": '"as-it-was"', "Date": date, **headers}
    tab.route("**/", lambda route: route.fulfill(status=200, headers=answer, body=body))


def test_a_page_that_nobody_publishes_any_more_says_how_old_it_is(open_tab: OpenTab, page: Page) -> None:
    show_operational(page)
    tab = open_tab("/robots.txt")
    keep_answering(tab, later=timedelta(minutes=3))
    tab.goto("/")
    expect(notice(tab)).to_contain_text("2020年9月4日（金）15:02（日本時間）時点の内容を表示しています。")
    with tab.expect_navigation():
        notice(tab).get_by_role("button", name="再読み込み").click()


def test_a_copy_on_the_way_counts_with_its_age(open_tab: OpenTab, page: Page) -> None:
    show_operational(page)
    tab = open_tab("/robots.txt")
    keep_answering(tab, later=timedelta(), Age="200")
    tab.goto("/")
    expect(notice(tab)).to_be_visible()


def test_the_visitors_own_clock_decides_nothing(open_with_clock: Callable[..., Tab], page: Page) -> None:
    show_operational(page)
    tab = open_with_clock(at=NOW + timedelta(days=400))
    let_a_minute_pass(tab)
    assert notice(tab).count() == 0


def test_data_that_outlives_its_monitors_patience_is_called_old(open_tab: OpenTab, page: Page) -> None:
    show_operational(page)
    tab = open_tab("/robots.txt")
    keep_answering(tab, later=timedelta(seconds=90))
    tab.goto("/", wait_until="networkidle")
    patience = tab.locator("[data-stale-after]").get_attribute("data-stale-after")
    assert patience == "180"
    assert notice(tab).count() == 0
    tab.locator("[data-stale-after]").evaluate("node => node.dataset.staleAfter = 140")
    tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(notice(tab)).to_be_visible()


def test_a_page_that_cannot_be_reached_grows_old_by_the_time_that_passes(
    open_with_clock: Callable[..., Tab], page: Page
) -> None:
    show_operational(page)
    tab = open_with_clock()
    tab.route("**/", lambda route: route.abort())
    let_a_minute_pass(tab)
    assert notice(tab).count() == 0
    let_a_minute_pass(tab)
    expect(notice(tab)).to_be_visible()


def test_a_new_update_appears_by_itself_and_is_said(open_with_clock: Callable[..., Tab], page: Page) -> None:
    show_operational(page)
    tab = open_with_clock()
    hit(page)
    let_a_minute_pass(tab)
    expect(tab.get_by_role("heading", name="検索の遅延")).to_be_visible()
    assert tab.title().startswith("一部のサービスで障害が発生しています")
    assert (
        tab.locator("link[rel=icon]").get_attribute("href") == "/static/incidents/favicons/partial_outage.svg"
    )
    expect(tab.get_by_role("status")).to_have_text(
        "表示を更新しました： 一部のサービスで障害が発生しています"
    )


def hit(page: Page) -> Incident:
    incident = make.incident(page, {page.services.get(slug="api"): "partial_outage"}, title="検索の遅延")
    make.update(incident)
    return incident


def test_an_open_incident_page_learns_of_the_end_and_asks_no_more(
    open_with_clock: Callable[..., Tab], page: Page
) -> None:
    incident = show_major(page)
    tab = open_with_clock(f"/incidents/{incident.reference}")
    make.update(incident, "resolved", body="復旧いたしました。")
    let_a_minute_pass(tab)
    expect(tab.get_by_text("復旧いたしました。").first).to_be_visible()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.clock.run_for(181_000)
    tab.wait_for_timeout(300)
    assert asked == []


def test_an_open_maintenance_page_learns_of_the_start_and_of_the_end(
    open_with_clock: Callable[..., Tab], page: Page
) -> None:
    show_maintenance(page)
    planned = page.maintenances.get(scheduled_from__gt=NOW)
    tab = open_with_clock(f"/maintenance/{planned.public_id}")
    start_maintenance(planned)
    let_a_minute_pass(tab)
    expect(tab.locator(".tags .stage")).to_have_text("実施中")
    finish_maintenance(page.maintenances.get(pk=planned.pk))
    let_a_minute_pass(tab)
    expect(tab.locator(".tags .stage")).to_have_text("完了")


def test_an_update_is_news_on_the_page_of_a_service_that_is_being_read(
    open_with_clock: Callable[..., Tab], page: Page
) -> None:
    incident = show_major(page)
    tab = open_with_clock("/services/archive")
    tab.locator(".earlier > summary").click()
    make.update(incident, "identified", body="作業を続けております。")
    let_a_minute_pass(tab)
    expect(notice(tab)).to_contain_text("新しい情報があります。")


def test_what_is_being_read_stays_until_the_reader_asks_for_the_news(
    open_with_clock: Callable[..., Tab], page: Page
) -> None:
    incident = show_major(page)
    tab = open_with_clock()
    earlier = tab.locator(".earlier")
    earlier.locator("> summary").click()
    tab.locator("body").click(position={"x": 2, "y": 2})
    make.update(incident, "monitoring", body="経過を観察しております。")
    let_a_minute_pass(tab)
    expect(notice(tab)).to_contain_text("新しい情報があります。")
    assert earlier.get_attribute("open") is not None
    notice(tab).get_by_role("button", name="表示する").click()
    expect(tab.get_by_text("経過を観察しております。")).to_be_visible()
    assert tab.evaluate("document.activeElement.id") == "content"
    assert notice(tab).count() == 0


def test_a_page_without_news_moves_its_times_and_says_nothing(
    open_with_clock: Callable[..., Tab], page: Page, server_clock: time_machine.Traveller
) -> None:
    show_major(page)
    tab = open_with_clock()
    assert "27分後" in tab.locator(".promise").first.inner_text()
    server_clock.shift(timedelta(minutes=1))
    let_a_minute_pass(tab)
    expect(tab.locator(".promise").first).to_contain_text("26分後")
    expect(tab.get_by_role("status")).to_be_empty()


def test_once_publishing_stopped_an_open_page_turns_grey_with_one_warning(
    open_with_clock: Callable[..., Tab], page: Page
) -> None:
    show_operational(page)
    tab = open_with_clock()
    twin = find_file(Site(page, NOW), "/")
    assert twin and twin.stale
    shown = tab.locator("#live").get_attribute("data-rendered-at") or ""
    body = re.sub(rb'data-rendered-at="[^"]+"', f'data-rendered-at="{shown}"'.encode(), twin.stale)
    tab.route("**/", lambda route: answer_later(route, body))
    let_a_minute_pass(tab)
    expect(tab.locator(".stopped")).to_contain_text("から更新されていません")
    assert tab.locator(".banner-unknown").count() == 1
    let_a_minute_pass(tab)
    assert notice(tab).count() == 0


def answer_later(route: Route, body: bytes) -> None:
    date = format_datetime((NOW + timedelta(minutes=5)).astimezone(UTC), usegmt=True)
    headers = {"Content-Type": "text/html; charset=utf-8", "ETag": '"twin"', "Date": date}
    route.fulfill(status=200, headers=headers, body=body)
