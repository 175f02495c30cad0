"""Searching the history, which the server has no part in."""

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from incidents.actions.maintenance import start_maintenance
from incidents.lib import times
from incidents.models import Incident, Page, Service
from tests import make
from tests.browser.conftest import OpenTab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def services(page: Page) -> dict[str, Service]:
    made = {slug: make.service(page, slug=slug, name=name) for slug, name in NAMES.items()}
    tell(made["archive"], "2019-03-04 10:00", "アーカイブの保存遅延", "ＤＮＳの設定誤りによるものです。")
    tell(made["relay"], "2020-09-04 10:00", "メール送信の遅延", "中継サーバーを再起動しました。")
    tell(made["archive"], "2020-10-05 10:00", "<img src=x onerror=alert(1)>", "検索 & 表示")
    return made


NAMES = {"archive": "メールアーカイブ", "relay": "メール送信中継"}


def tell(service: Service, at: str, title: str, body: str) -> None:
    with times.at(make.jst(at)):
        incident = make.incident(service.page, {service: "degraded"}, title=title)
        make.update(incident)
    with times.at(make.jst(at.replace("10:00", "11:00"))):
        make.update(incident, "resolved", body=body)


def search(tab: Tab, words: str) -> None:
    tab.get_by_role("searchbox").fill(words)


def found(tab: Tab) -> list[str]:
    return tab.locator("#found-list a").all_inner_texts()


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("遅延", ["メール送信の遅延", "アーカイブの保存遅延"]),
        ("dns", ["アーカイブの保存遅延"]),
        ("ｱｰｶｲﾌﾞ　保存", ["アーカイブの保存遅延"]),
        ("INC-20200904-01", ["メール送信の遅延"]),
        ("再起動 DNS", []),
    ],
)
def test_words_are_found_in_every_year_whatever_their_width_and_case(
    open_tab: OpenTab, services: dict[str, Service], words: str, titles: list[str]
) -> None:
    tab = open_tab("/history")
    search(tab, words)
    told = f"{len(titles)}件見つかりました。" if titles else "該当する障害・メンテナンスはありません。"
    expect(tab.locator("#found-count")).to_have_text(told)
    assert found(tab) == titles
    assert tab.locator("#by-month").is_hidden()


def test_a_service_narrows_the_search_and_an_empty_one_brings_the_months_back(
    open_tab: OpenTab, services: dict[str, Service]
) -> None:
    tab = open_tab("/history")
    tab.get_by_label("サービス", exact=True).select_option("archive")
    expect(tab.locator("#found-list li")).to_have_count(2)
    search(tab, "遅延")
    expect(tab.locator("#found-list li")).to_have_count(1)
    tab.reload()
    expect(tab.locator("#found-list li")).to_have_count(1)
    search(tab, "")
    tab.get_by_label("サービス", exact=True).select_option("")
    expect(tab.locator("#by-month")).to_be_visible()
    assert tab.locator("#found").is_hidden()


def test_what_is_found_is_text_and_leads_to_the_incident(
    open_tab: OpenTab, services: dict[str, Service]
) -> None:
    tab = open_tab("/history")
    dialogs: list[str] = []
    tab.on("dialog", lambda dialog: dialogs.append(dialog.message))
    search(tab, "onerror")
    link = tab.get_by_role("link", name="<img src=x onerror=alert(1)>")
    expect(link).to_be_visible()
    period = tab.locator("#found-list .period")
    expect(period).to_have_text("2020年10月5日 10:00 ～ 11:00")
    link.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/incidents/INC-20201005-01")
    assert not dialogs


def test_a_maintenance_is_found_among_the_incidents_in_the_order_of_their_days(
    open_tab: OpenTab, services: dict[str, Service]
) -> None:
    with times.at(make.jst("2020-09-20 10:00")):
        work = make.maintenance(
            services["archive"].page,
            {services["archive"]: "maintenance"},
            title="アーカイブの遅延対策",
            scheduled_from=make.jst("2020-09-21 02:00"),
            scheduled_until=make.jst("2020-09-21 04:00"),
        )
    with times.at(make.jst("2020-09-21 02:00")):
        start_maintenance(work)
    tab = open_tab("/history")
    search(tab, "遅延")
    expect(tab.locator("#found-list li")).to_have_count(3)
    assert found(tab) == ["アーカイブの遅延対策", "メール送信の遅延", "アーカイブの保存遅延"]
    line = tab.locator("#found-list li").first
    expect(line.locator(".stage")).to_have_text("実施中")
    assert line.locator("a").get_attribute("href") == f"/maintenance/{work.public_id}"


def test_in_another_language_texts_written_in_it_are_found_and_shown(
    open_tab: OpenTab, services: dict[str, Service]
) -> None:
    Incident.objects.filter(reference="INC-20200904-01").update(texts={"en": {"title": "Mail was late"}})
    tab = open_tab("/en/history")
    search(tab, "LATE")
    expect(tab.locator("#found-count")).to_have_text("1 entry matches.")
    assert found(tab) == ["Mail was late"]
    assert tab.locator("#found-list a").get_attribute("href") == "/en/incidents/INC-20200904-01"


def test_nothing_is_fetched_before_somebody_searches_and_no_word_of_it_leaves_the_browser(
    open_tab: OpenTab, services: dict[str, Service]
) -> None:
    tab = open_tab("/history")
    asked: list[str] = []
    tab.on("request", lambda request: asked.extend([request.url] * (request.resource_type == "fetch")))
    tab.wait_for_timeout(300)
    assert not asked
    search(tab, "遅延")
    expect(tab.locator("#found-list li")).to_have_count(2)
    assert [url.rpartition("/history")[2] for url in asked] == ["/2020.json", "/2019.json"]


def test_without_javascript_there_are_the_months_and_no_box(
    open_tab: OpenTab, services: dict[str, Service]
) -> None:
    tab = open_tab("/history", java_script_enabled=False)
    assert tab.get_by_role("searchbox").count() == 0
    assert tab.get_by_role("link", name="2019年3月").count() >= 1
