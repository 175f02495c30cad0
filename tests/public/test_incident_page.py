import html as entities
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions.report import draft_report, save_report
from incidents.actions.update import Draft, edit_update
from incidents.lib import times
from incidents.models import Incident, Page, Report, Service, Update
from incidents.reports.issue import issue as issue_report
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver", organisation="株式会社サンプル")


@pytest.fixture
def service(page: Page) -> Service:
    return make.service(page, slug="search", name="メール検索", code="HEA")


@pytest.fixture
def incident(page: Page, service: Service) -> Incident:
    """Told at 12:46 and 14:10 of 4 September, over at 18:00."""
    with times.at(make.jst("2020-09-04 12:46")):
        onset = make.jst("2020-09-01 09:00")
        incident = make.incident(page, {service: "partial_outage"}, title="検索結果の欠落", started_at=onset)
        make.update(incident, body="調査を開始しました。", concerned="全てのお客様")
    with times.at(make.jst("2020-09-04 14:10")):
        make.update(incident, "identified", body="**原因**を特定しました。", scope={service: "degraded"})
    with times.at(make.jst("2020-09-04 18:00")):
        make.update(incident, "resolved", body="復旧しました。", recovered_at=make.jst("2020-09-04 17:30"))
    return incident


def read(address: str, *, at: str = "2020-09-05 10:00") -> str:
    with times.at(make.jst(at)):
        response = Client().get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_summary_names_the_page_not_the_port_of_the_request(incident: Incident, settings: Any) -> None:
    settings.SITE_URL = "https://testserver"
    asked = Client().get(f"/incidents/{incident.reference}", headers={"host": "testserver:9999"})
    html = asked.content.decode()
    assert f"https://testserver/incidents/{incident.reference}" in html
    assert "9999" not in html


def test_updates_come_newest_first_with_their_instants(incident: Incident) -> None:
    html = read(f"/incidents/{incident.reference}")
    assert re.findall(r'id="update-(\d)"', html) == ["3", "2", "1"]
    timeline = text_of(html[html.index('id="update-3"') :])
    told = (
        "第3報 復旧 2020年9月4日（金）18:00（日本時間）",
        "第2報 原因特定 2020年9月4日（金）14:10（日本時間）",
    )
    assert all(line in timeline for line in told)
    assert "<strong>原因</strong>" in html


def test_the_impact_on_each_service_has_its_from_and_until(incident: Incident) -> None:
    text = text_of(read(f"/incidents/{incident.reference}"))
    assert "一部障害 2020年9月1日（火）09:00 ～ 2020年9月4日（金）14:10（日本時間）" in text
    assert "性能低下 2020年9月4日（金）14:10 ～ 17:30（日本時間）" in text


def test_a_correction_is_marked_and_opens_the_earlier_text_with_both_instants(incident: Incident) -> None:
    with times.at(make.jst("2020-09-04 13:00")):
        edit_update(incident.updates.get(number=1), Draft(stage="investigating", body="正しい文です。"))
    html = read(f"/incidents/{incident.reference}")
    found = re.search(r'<details class="correction">(.*?)</details>', html, flags=re.S)
    assert found
    text = text_of(found[1])
    assert "訂正 2020年9月4日（金）13:00（日本時間）" in text
    assert "2020年9月4日（金）12:46 ～ 13:00（日本時間） 調査を開始しました。" in text
    assert "正しい文です。" in html.replace(found[0], "")
    assert html.count('class="correction"') == 1


def test_an_update_whose_words_are_not_on_record_says_so(incident: Incident) -> None:
    Update.objects.filter(incident=incident, number=1).update(body="", body_html="")
    assert "本文の記録なし" in read(f"/incidents/{incident.reference}")
    assert "No text on record" in read(f"/en/incidents/{incident.reference}")


def test_the_text_to_pass_on_is_plain_and_complete(incident: Incident) -> None:
    html = read(f"/incidents/{incident.reference}")
    found = re.search(r"<textarea[^>]*readonly[^>]*>(.*?)</textarea>", html, flags=re.S)
    assert found
    assert entities.unescape(found[1]).split("\n") == [
        f"検索結果の欠落 ({incident.reference})",
        "",
        "状況：復旧",
        "深刻度：軽微",
        "発生日時：2020年9月1日（火）09:00（日本時間）",
        "復旧日時：2020年9月4日（金）17:30（日本時間）",
        "対象サービス：メール検索（一部障害）",
        "対象のお客様：全てのお客様",
        "",
        "第3報 2020年9月4日（金）18:00（日本時間）",
        "復旧しました。",
        "",
        f"http://testserver/incidents/{incident.reference}",
    ]


def test_the_report_is_announced_while_it_is_written_and_linked_once_issued(incident: Incident) -> None:
    address = f"/incidents/{incident.reference}"
    assert "障害報告書" not in read(address)
    report = draft_report(incident)
    assert "障害報告書 作成中" in text_of(read(address))
    number = issue(report)
    assert f'<a href="/reports/{number}">{number}</a>' in read(address)


def issue(report: Report) -> str:
    values = {
        "what_happened": "検索結果が欠落。",
        "scope": "全体。",
        "cause": "設定の誤り。",
        "measures": "監視の強化。",
    }
    with times.at(make.jst("2020-10-08 10:00")):
        saved = save_report(report, values, version=report.version)
        issued = issue_report(saved, notify=False)
    assert issued.number
    return issued.number


def test_an_issued_report_is_read_as_page_text_and_markdown(incident: Incident) -> None:
    report = draft_report(incident)
    assert Client().get("/reports/HEA2020100801").status_code == 404
    number = issue(report)
    html = read(f"/reports/{number}")
    assert "監視の強化。" in html and html.count("<h1") == 1
    assert f'href="/incidents/{incident.reference}"' in html
    text = Client().get(f"/reports/{number}.txt")
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert f"Incident No: {number}" in text.content.decode()
    markdown = Client().get(f"/reports/{number}.md")
    assert markdown["Content-Type"] == "text/markdown; charset=utf-8"
    assert "# Post-Incident Report" in markdown.content.decode()
    assert "What happened" in Client().get(f"/en/reports/{number}.txt").content.decode()


def test_history_is_by_month_of_the_onset_newest_first(
    page: Page, service: Service, incident: Incident
) -> None:
    with times.at(make.jst("2020-11-02 09:00")):
        make.update(make.incident(page, {service: "degraded"}, title="十一月の件"))
    html = read("/history", at="2020-11-03 09:00")
    assert re.findall(r"<h2[^>]*><a[^>]*>(.*?)</a></h2>", html) == ["2020年11月", "2020年9月"]
    assert html.index("十一月の件") < html.index("検索結果の欠落")
    assert "メール検索" in html and "継続中" in html
    assert "November 2020" in read("/en/history", at="2020-11-03 09:00")


def test_a_month_has_every_day_with_what_touched_it_and_its_neighbours(
    page: Page, service: Service, incident: Incident
) -> None:
    with times.at(make.jst("2020-11-02 09:00")):
        make.update(make.incident(page, {service: "degraded"}, title="十一月の件"))
    html = read("/history/2020-09", at="2020-11-03 09:00")
    days = dict(re.findall(r'<div id="(d\d\d)">(.*?)</div>', html, flags=re.S))
    assert list(days) == [f"d{day:02}" for day in range(30, 0, -1)]
    assert [day for day in days if "検索結果の欠落" in days[day]] == ["d04", "d03", "d02", "d01"]
    assert 'rel="next" href="/history/2020-11"' in html and 'rel="prev"' not in html
    assert list(re.findall(r'id="(d\d\d)"', read("/history/2020-11", at="2020-11-03 09:00"))) == [
        "d03",
        "d02",
        "d01",
    ]


def test_older_months_are_listed_with_how_much_they_hold(page: Page, service: Service) -> None:
    for month in range(1, 6):
        with times.at(make.jst(f"2020-{month:02}-10 09:00")):
            incident = make.incident(page, {service: "degraded"}, title=f"{month}月の件")
            make.update(incident)
            make.update(incident, "resolved")
    html = read("/history", at="2020-06-01 09:00")
    assert "3月の件" in html and "2月の件" not in html
    assert 'href="/history/2020-01">2020年1月</a> <span class="quiet">1件</span>' in html


def test_a_service_page_has_its_state_and_its_incidents(
    page: Page, service: Service, incident: Incident
) -> None:
    other = make.service(page, name="別のサービス", slug="other")
    with times.at(make.jst("2020-09-05 09:00")):
        make.update(make.incident(page, {service: "major_outage"}, title="進行中の件"))
        make.update(make.incident(page, {other: "major_outage"}, title="無関係の件"))
    html = read("/services/search")
    assert "banner-major_outage" in html and "重大な障害" in html
    assert html.index("進行中の件") < html.index("過去の障害") < html.index("検索結果の欠落")
    assert "無関係の件" not in html


def test_an_incident_and_a_service_cost_the_same_queries_however_much_they_hold(
    page: Page, service: Service, incident: Incident
) -> None:
    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            read(address)
        return len(queries)

    def tell_another(stage: str) -> None:
        with times.at(make.jst("2020-09-04 19:00")):
            again = make.incident(page, {service: "degraded"})
            edit_update(make.update(again), Draft(stage="investigating", body="訂正。"))
        with times.at(make.jst("2020-09-04 19:30")):
            make.update(again, stage)

    addresses = (f"/incidents/{incident.reference}", "/services/search")
    for stage in ("identified", "resolved"):
        tell_another(stage)
    edit_update(incident.updates.get(number=1), Draft(stage="investigating", body="訂正。"))
    once = [count(address) for address in addresses]
    for _ in range(2):
        extra = make.service(page)
        with times.at(make.jst("2020-09-04 20:00")):
            make.update(incident, "identified", body="再発。", scope={service: "degraded", extra: "degraded"})
        for stage in ("identified", "resolved"):
            tell_another(stage)
    assert [count(address) for address in addresses] == once
