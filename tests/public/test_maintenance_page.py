"""Planned maintenance as customers read it: on the front page, on its own page, in the history."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.actions import maintenance as actions
from incidents.actions.maintenance_telling import Telling
from incidents.lib import times
from incidents.models import Maintenance, Page, Service
from incidents.queries.maintenance import find, recent, upcoming_and_running
from incidents.snapshots.catalogue import sources
from incidents.snapshots.site import Site
from tests import make

pytestmark = pytest.mark.django_db
ANNOUNCED = make.jst("2020-09-01 12:00")
FROM, UNTIL = make.jst("2020-09-05 02:00"), make.jst("2020-09-05 04:00")
DURING = make.jst("2020-09-05 03:00")


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


@pytest.fixture
def service(page: Page) -> Service:
    return make.service(page, slug="mail", name="メール送信")


def announced(page: Page, service: Service, **values: Any) -> Maintenance:
    with times.at(ANNOUNCED):
        given = {"scheduled_from": FROM, "scheduled_until": UNTIL}
        return make.maintenance(page, {service: "maintenance"}, **{**given, **values})


def run(maintenance: Maintenance, *, until_over: bool = True) -> None:
    with times.at(FROM):
        actions.start_maintenance(maintenance)
    if until_over:
        with times.at(UNTIL):
            actions.finish_maintenance(maintenance)


def read(address: str = "/", *, at: object = DURING) -> str:
    with times.at(at):  # type: ignore[arg-type]
        response = Client().get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def days(html: str) -> dict[str, str]:
    return dict(re.findall(r'<dt><time datetime="([\d-]+)">.*?<dd>(.*?)</dd>', html, flags=re.S))


def test_what_is_to_come_stands_on_the_front_page_with_its_window(page: Page, service: Service) -> None:
    maintenance = announced(page, service)
    html = read(at=ANNOUNCED)
    assert "banner-operational" in html
    text = words(html)
    for told in (
        "メンテナンスのお知らせ 予定 データベースの更新",
        "実施予定日時 2020年9月5日（土）02:00 ～ 04:00（日本時間）",
        "データベースを新しい版に更新いたします。",
        "対象サービス（実施中の状態） メール送信 メンテナンス中",
    ):
        assert told in text, told
    assert '<time datetime="2020-09-04T17:00:00Z">' in html
    assert f'href="/maintenance/{maintenance.public_id}"' in html


def test_while_it_runs_the_headline_and_its_services_say_so(page: Page, service: Service) -> None:
    run(announced(page, service), until_over=False)
    html = read()
    assert "banner-maintenance" in html and "メンテナンスを実施しています" in html
    assert "status-maintenance" in html and "実施中" in html


def test_what_runs_stands_before_what_is_to_come(page: Page, service: Service) -> None:
    announced(page, service, title="始まらない作業", scheduled_from=FROM - timedelta(hours=3))
    run(announced(page, service, title="今夜の作業"), until_over=False)
    html = read()
    assert html.index("今夜の作業") < html.index("始まらない作業")


def test_one_that_is_over_leaves_the_top_and_stands_at_its_days(page: Page, service: Service) -> None:
    maintenance = announced(page, service)
    run(maintenance)
    html = read(at=UNTIL + timedelta(days=1))
    assert 'id="maintenance"' not in html
    shown = days(html)
    assert f"/maintenance/{maintenance.public_id}" in shown["2020-09-05"]
    assert "完了" in shown["2020-09-05"] and "障害の記録はありません" not in shown["2020-09-05"]
    assert "障害の記録はありません" in shown["2020-09-06"]


def test_one_that_was_called_off_stands_at_the_day_it_was(page: Page, service: Service) -> None:
    maintenance = announced(page, service)
    with times.at(ANNOUNCED + timedelta(days=1)):
        actions.cancel_maintenance(maintenance)
    html = read()
    assert 'id="maintenance"' not in html
    assert "中止" in days(html)["2020-09-02"]


def test_a_window_that_has_come_or_passed_without_anybody_s_doing_is_said(
    page: Page, service: Service
) -> None:
    maintenance = announced(page, service, auto_start=False)
    address = f"/maintenance/{maintenance.public_id}"
    assert "開始の確認はまだ取れておりません" not in read(address, at=FROM - timedelta(minutes=1))
    for shown in (address, "/", "/services/mail"):
        assert "開始の確認はまだ取れておりません" in read(shown, at=FROM)
    run(maintenance, until_over=False)
    assert "作業を継続しております" not in read(address)
    assert "作業を継続しております" in read(address, at=UNTIL)


def test_the_page_of_one_tells_all_of_it_newest_first(page: Page, service: Service) -> None:
    maintenance = announced(page, service, is_emergency=True)
    with times.at(ANNOUNCED + timedelta(hours=1)):
        actions.reschedule_maintenance(
            maintenance, scheduled_from=FROM + timedelta(minutes=30), scheduled_until=UNTIL
        )
    run(maintenance)
    html = read(f"/maintenance/{maintenance.public_id}", at=UNTIL)
    text = words(html)
    for told in (
        "完了 緊急メンテナンス データベースの更新",
        "変更後の実施予定日時 2020年9月5日（土）02:30 ～ 04:00（日本時間）",
        "開始日時 2020年9月5日（土）02:00（日本時間）",
        "終了日時 2020年9月5日（土）04:00（日本時間）",
    ):
        assert told in text, told
    assert re.findall(r'id="update-(\d)"', html) == ["4", "3", "2", "1"]
    assert "作業を継続しております" not in text


def test_it_speaks_english_and_marks_what_nobody_wrote_in_it(page: Page, service: Service) -> None:
    maintenance = announced(page, service, titles={"en": "Database upgrade"})
    with times.at(DURING):
        actions.start_maintenance(maintenance)
    html = read(f"/en/maintenance/{maintenance.public_id}")
    assert "Database upgrade" in html and "The maintenance has started." in html
    assert "5 September 2020, 02:00 – 04:00 JST" in words(html)
    announcement = html[html.index('id="update-1"') :]
    assert "Japanese only" in announcement and 'lang="ja">' in announcement
    assert "Database upgrade" in read("/en/") and "データベースの更新" not in read("/en/")


def test_an_unknown_one_is_not_found(page: Page) -> None:
    assert Client().get("/maintenance/a1b2c3d4e5f6").status_code == 404


def test_one_of_another_page_is_nowhere(page: Page) -> None:
    other = make.page()
    maintenance = announced(other, make.service(other))
    assert Client().get(f"/maintenance/{maintenance.public_id}").status_code == 404
    assert "データベースの更新" not in read()


def test_a_page_that_shows_a_service_of_another_tells_its_maintenance_and_names_nothing_else(
    page: Page,
) -> None:
    other = make.page()
    shared, own = make.service(other, name="共用基盤"), make.service(other, name="別会社の機能")
    page.also_shows.add(shared)
    with times.at(ANNOUNCED):
        maintenance = make.maintenance(
            other,
            {shared: "maintenance", own: "maintenance"},
            scheduled_from=FROM,
            scheduled_until=UNTIL,
        )
    for address in ("/", f"/maintenance/{maintenance.public_id}"):
        html = read(address, at=ANNOUNCED)
        assert "データベースの更新" in html and "共用基盤" in html
        assert "別会社の機能" not in html
    other.visibility = "private"
    other.save()
    assert "データベースの更新" not in read(at=ANNOUNCED)
    assert Client().get(f"/maintenance/{maintenance.public_id}").status_code == 404


def test_the_history_holds_what_was_done_and_not_what_is_to_come(page: Page, service: Service) -> None:
    run(announced(page, service, title="済んだ作業"))
    month = timedelta(days=30)
    announced(page, service, title="先の作業", scheduled_from=FROM + month, scheduled_until=UNTIL + month)
    later = UNTIL + timedelta(days=40)
    for address in ("/history", "/history/2020-09"):
        html = read(address, at=later)
        assert "済んだ作業" in html and "先の作業" not in html
        assert "メール送信" in html
    day = re.search(r'<div id="d05">(.*?)</div>', read("/history/2020-09", at=later), flags=re.S)
    assert day and "済んだ作業" in day[1]


def test_older_months_say_how_many_maintenances_they_hold(page: Page, service: Service) -> None:
    for month in range(1, 6):
        at = make.jst(f"2020-{month:02}-10 02:00")
        with times.at(at):
            maintenance = make.maintenance(page, {service: "maintenance"}, scheduled_from=at)
            actions.start_maintenance(maintenance)
            actions.finish_maintenance(maintenance)
    html = read("/history", at=make.jst("2020-06-01 09:00"))
    assert "メンテナンス1件" in html


def test_a_service_tells_what_is_planned_for_it_alone(page: Page, service: Service) -> None:
    other = make.service(page, slug="other")
    announced(page, service, title="メールの作業")
    announced(page, other, title="別の作業")
    html = read("/services/mail", at=ANNOUNCED)
    assert "メールの作業" in html and "別の作業" not in html


def test_a_hostile_text_is_text(page: Page, service: Service) -> None:
    maintenance = announced(page, service, title="<script>alert(1)</script>", body="<script>x</script>")
    for address in ("/", f"/maintenance/{maintenance.public_id}", "/services/mail"):
        html = read(address, at=ANNOUNCED)
        assert "<script>alert" not in html and "<script>x" not in html


def test_its_page_is_published_anew_by_its_changes_and_by_the_passing_of_its_window(
    page: Page, service: Service
) -> None:
    maintenance = announced(page, service, auto_start=False)
    name = f"maintenance:{maintenance.public_id}"

    def key(at: object) -> str:
        with times.at(at):  # type: ignore[arg-type]
            return {source.name: source.key for source in sources(Site(page, times.now()))}[name]

    first = key(ANNOUNCED)
    assert key(FROM - timedelta(seconds=1)) == first
    assert key(FROM) != first
    with times.at(ANNOUNCED):
        actions.tell_of_maintenance(maintenance, Telling("補足いたします。"))
    assert key(ANNOUNCED) != first


def test_what_is_not_over_has_a_twin_that_says_so_when_publishing_stops(page: Page, service: Service) -> None:
    maintenance = announced(page, service)

    def stale() -> bytes | None:
        with times.at(UNTIL):
            found = {source.name: source for source in sources(Site(page, UNTIL))}
            return next(iter(found[f"maintenance:{maintenance.public_id}"].render())).stale

    assert stale() is not None
    run(maintenance)
    assert stale() is None


def test_views_come_in_the_order_in_which_they_are_needed(page: Page, service: Service) -> None:
    for title, day in (("third", 3), ("first", 1), ("second", 2)):
        announced(
            page,
            service,
            title=title,
            scheduled_from=FROM + timedelta(days=day),
            scheduled_until=UNTIL + timedelta(days=day),
        )
    over = announced(page, service, title="over")
    run(over)
    assert [one.title for one in upcoming_and_running(page)] == ["first", "second", "third"]
    assert [one.title for one in recent(page)] == ["third", "second", "first", "over"]
    assert [one.title for one in recent(page, most=1)] == ["third"]
    found = find(page, over.public_id)
    assert found and (found.started_at, found.ended_at) == (FROM, UNTIL)
    assert [update.number for update in found.updates] == [3, 2, 1]


def test_the_page_costs_the_same_queries_for_one_and_for_three(page: Page, service: Service) -> None:
    def fill(count: int) -> None:
        for _ in range(count):
            run(announced(page, make.service(page)))
            run(announced(page, make.service(page)), until_over=False)
            announced(page, make.service(page))

    def counted() -> list[int]:
        counts = []
        for address in ("/", "/history", "/history/2020-09"):
            with CaptureQueriesContext(connection) as queries:
                read(address, at=UNTIL)
            counts.append(len(queries))
        return counts

    fill(1)
    one = counted()
    fill(2)
    assert counted() == one


def test_all_pages_of_maintenances_cost_queries_by_the_batch(page: Page, service: Service) -> None:
    for _ in range(12):
        announced(page, service)
    site = Site(page, ANNOUNCED)
    with times.at(ANNOUNCED):
        found = [source for source in sources(site) if source.name.startswith("maintenance:")]
        with CaptureQueriesContext(connection) as queries:
            assert sum(len(list(source.render())) for source in found) == 24
    assert len(queries) <= 8
