import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.service import set_status
from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.models import Monitor, Page, Report, Service
from incidents.reports.past import take_past_report
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.jst("2020-09-04 12:50")
SAMPLES = Path(__file__).parents[1] / "reports" / "samples"


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


def watched(page: Page, *, minutes_ago: int = 1, **values: str) -> Service:
    service = make.service(page, **values)
    monitor = make.monitor(service, kind="http", target="https://example.com")
    Monitor.objects.filter(pk=monitor.pk).update(last_result_at=NOW - timedelta(minutes=minutes_ago))
    return service


def read(address: str = "/", *, at: object = NOW) -> str:
    with times.at(NOW):
        response = Client().get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def banner(html: str) -> str:
    found = re.search(r"banner-(\w+)", html)
    assert found
    return found[1]


def test_fresh_services_without_trouble_are_green_and_say_how_old_the_data_is(page: Page) -> None:
    watched(page, name="メール送信", slug="mail", minutes_ago=2)
    html = read()
    assert banner(html) == "operational"
    assert "すべてのサービスは正常に稼働しています" in html
    assert '<time datetime="2020-09-04T03:48:00Z">2020年9月4日（金）12:48（日本時間）</time>' in html
    assert "2分前" in html
    assert "正常稼働中" in html


def test_silence_of_a_monitor_is_never_green(page: Page) -> None:
    watched(page, name="メール送信", slug="mail", minutes_ago=30)
    html = read()
    assert banner(html) == "unknown"
    assert "一部のサービスで最新の監視データを取得できていません" in html
    assert "banner-operational" not in html and "status-operational" not in html


def test_data_is_called_old_only_when_nothing_watched_is_fresh(page: Page) -> None:
    watched(page, minutes_ago=30)
    assert "データの更新が止まっています" in read()
    watched(page, minutes_ago=1)
    assert "データの更新が止まっています" not in read()


def test_an_hourly_count_is_fresh_for_hours(page: Page) -> None:
    service = make.service(page)
    monitor = make.monitor(service, kind="baseline")
    Monitor.objects.filter(pk=monitor.pk).update(last_result_at=NOW - timedelta(minutes=55))
    html = read()
    assert banner(html) == "operational"
    assert "データの更新が止まっています" not in html and "55分前" in html


@pytest.mark.parametrize(
    ("status", "headline"),
    [
        ("degraded", "一部のサービスで性能が低下しています"),
        ("partial_outage", "一部のサービスで障害が発生しています"),
        ("major_outage", "重大な障害が発生しています"),
    ],
)
def test_the_worst_state_of_any_service_is_the_headline(page: Page, status: str, headline: str) -> None:
    hit = watched(page, name="メール検索", slug="search")
    watched(page, name="メール送信", slug="mail")
    with times.at(NOW - timedelta(minutes=10)):
        incident = make.incident(page, {hit: status})
        make.update(incident)
    html = read()
    assert banner(html) == status
    assert headline in html


def test_maintenance_set_by_hand_says_that_and_since_when(page: Page) -> None:
    service = make.service(page, name="管理画面", slug="console")
    with times.at(make.jst("2020-09-04 09:00")):
        set_status(service, "maintenance")
    html = read()
    assert banner(html) == "maintenance"
    assert "メンテナンス中" in html
    assert "担当者が設定 · 09:00（日本時間） から" in words(html)


def test_a_page_without_services_is_not_green_and_says_so(page: Page) -> None:
    html = read()
    assert banner(html) == "unknown"
    assert "公開中のサービスはまだありません" in html
    assert "障害の記録はありません" not in html


def test_an_open_incident_is_not_green_even_when_its_services_run_again(page: Page) -> None:
    hit = watched(page, name="メール検索", slug="search")
    with times.at(NOW - timedelta(minutes=10)):
        incident = make.incident(page, {hit: "degraded"})
        make.update(incident)
        make.update(incident, "monitoring", scope={hit: "operational"})
    html = read()
    assert banner(html) == "degraded"
    assert "対応中の障害があります" in html


def test_an_open_incident_tells_all_that_a_customer_asks_first(page: Page) -> None:
    hit = watched(page, name="メール検索", slug="search")
    with times.at(make.jst("2020-09-04 12:20")):
        incident = make.incident(page, {hit: "partial_outage"}, title="検索結果の欠落", severity="major")
        make.update(incident, body="調査を開始しました。")
    with times.at(make.jst("2020-09-04 12:46")):
        make.update(
            incident,
            "identified",
            body="原因を特定しました。",
            concerned="G Suite をご利用のお客様",
            workaround="時間をおいて再検索してください。",
            next_update_at=make.jst("2020-09-04 13:46"),
        )
    html = read()
    text = words(html)
    for told in (
        "検索結果の欠落",
        "深刻度 重大",
        "原因特定",
        "対象サービス メール検索 一部障害",
        "対象のお客様 G Suite をご利用のお客様",
        "お客様側での回避策・お願い 時間をおいて再検索してください。",
        "次回更新予定 13:46（日本時間） 56分後",
        "第2報",
    ):
        assert told in text, told
    assert html.index("原因を特定しました。") < html.index("調査を開始しました。")
    assert '<time datetime="2020-09-04T03:46:00Z">2020年9月4日（金）12:46（日本時間）</time>' in html


def test_a_broken_promise_is_said(page: Page) -> None:
    hit = watched(page)
    with times.at(make.jst("2020-09-04 12:20")):
        make.update(make.incident(page, {hit: "degraded"}), next_update_at=make.jst("2020-09-04 12:30"))
    assert "予定を20分過ぎています" in read()


def test_the_last_fortnight_shows_what_touched_each_day_and_days_alike_as_one(page: Page) -> None:
    hit = watched(page)
    with times.at(make.jst("2020-09-02 10:00")):
        incident = make.incident(
            page, {hit: "degraded"}, title="遅延", started_at=make.jst("2020-09-01 23:00")
        )
        make.update(incident)
        make.update(incident, "resolved")
    rows = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd></div>", read(), flags=re.S)
    told = [(re.findall(r'datetime="([\d-]+)"', days), "遅延" in what) for days, what in rows[-3:]]
    assert told == [
        (["2020-09-03", "2020-09-04"], False),
        (["2020-09-01", "2020-09-02"], True),
        (["2020-08-22", "2020-08-31"], False),
    ]
    assert all("障害の記録はありません" in what for _days, what in (rows[-3], rows[-1]))


def test_drafts_and_dismissed_incidents_are_nowhere(page: Page) -> None:
    hit = watched(page, slug="mail")
    with times.at(NOW):
        incident = make.incident(page, {hit: "degraded"}, title="下書きの件")
    for address in ("/", "/history", "/services/mail"):
        assert "下書きの件" not in read(address)
    assert Client().get(f"/incidents/{incident.reference}").status_code == 404


def test_the_page_speaks_english_under_its_prefix_and_links_back(page: Page) -> None:
    watched(page, minutes_ago=2)
    html = read("/en/")
    assert "All services are operating normally" in html
    assert '<html lang="en"' in html
    assert "4 September 2020, 12:48 JST" in html and "2 minutes ago" in html
    assert 'href="/en/history"' in html and 'href="/en/subscribe"' in html
    assert re.search(r'<a href="/" hreflang="ja" lang="ja">日本語</a>', html)
    assert re.search(r'<a href="/en/" hreflang="en" lang="en">English</a>', read())


def test_the_page_costs_the_same_queries_for_one_and_for_three_of_everything(page: Page) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            hit = watched(page, group=f"Group {number}")
            with times.at(NOW - timedelta(minutes=30)):
                incident = make.incident(page, {hit: "degraded"})
                first = make.update(incident)
                edit_update(first, Draft(stage="investigating", body="訂正しました。"))
                make.update(incident, "identified")

    fill(1)
    once = count_queries()
    fill(2)
    assert count_queries() == once


def count_queries() -> dict[str, int]:
    counts = {}
    for address in ("/", "/history"):
        with CaptureQueriesContext(connection) as queries, times.at(NOW):
            Client().get(address)
        counts[address] = len(queries)
    return counts


def test_a_hostile_title_is_text(page: Page) -> None:
    hit = watched(page, name='<img src=x onerror="alert(1)">', slug="mail")
    with times.at(NOW - timedelta(minutes=5)):
        incident = make.incident(page, {hit: "degraded"}, title="</textarea><script>alert(1)</script>")
        make.update(
            incident, concerned="<b>all</b>", workaround="javascript:alert(1) <i>", body="<script>x</script>"
        )
    for address in ("/", "/history", "/services/mail", f"/incidents/{incident.reference}"):
        html = read(address)
        assert "<script>alert" not in html and "<script>x" not in html and "<img" not in html
        assert "<b>all" not in html and "<i>" not in html and 'href="javascript' not in html
        assert html.count("</textarea>") == (1 if "incidents" in address else 0)


def test_the_newest_reports_are_one_click_away_and_drafts_are_not(page: Page) -> None:
    for name in ("MLX2024030101", "ARC2025011401"):
        take_past_report(page, (SAMPLES / f"{name}.txt").read_text(encoding="utf-8-sig"))
    Report.objects.filter(number="MLX2024030101").update(state="draft", number=None, issued_at=None)
    found = re.findall(r'href="(/reports/[^"]+)"', read())
    assert found == ["/reports/ARC2025011401"]


def test_a_report_in_another_language_than_the_page_says_so(page: Page) -> None:
    take_past_report(page, (SAMPLES / "MLX2024030101.txt").read_text(encoding="utf-8-sig"))
    link = 'href="/en/reports/MLX2024030101" lang="ja"'
    assert link in read("/en/")
    assert "Japanese only" in read("/en/").split(link)[1].split("</li>")[0]
    assert "日本語のみ" not in read()
