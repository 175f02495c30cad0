"""The past as customers read it: the front page's bars, a service's days, the page of all services."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.lib import times
from incidents.models import Monitor, MonitorDay, MonitorHour, Page, Service, ServiceDay
from incidents.snapshots.catalogue import find_file, sources
from incidents.snapshots.site import Site
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOW = jst("2020-09-04 12:50")
CREATED = jst("2019-01-01 00:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
A_DAY = 86_400


@pytest.fixture
def page() -> Page:
    return make.page()


def service(page: Page, slug: str = "mail", **values: object) -> Service:
    with times.at(CREATED):
        return make.service(page, slug=slug, **values)


def watched(page: Page, slug: str = "mail", *, created_at: datetime = CREATED, **values: object) -> Monitor:
    with times.at(created_at):
        return make.monitor(service(page, slug), kind="http", target="https://example.com", **values)


def saw(one: Service, days_ago: range, *, up: int = A_DAY, **outages: int) -> None:
    today = NOW.date()
    ServiceDay.objects.bulk_create(
        ServiceDay(service=one, day=today - timedelta(days=back), seconds=A_DAY, up=up, **outages)
        for back in days_ago
    )


def outage(page: Page, one: Service, begins: datetime, *, lasting: timedelta, status: str) -> None:
    with times.at(begins):
        incident = make.incident(page, {one: status})
        make.update(incident)
    with times.at(begins + lasting):
        make.update(incident, "resolved")


def read(page: Page, address: str) -> str:
    with times.at(NOW):
        file = find_file(Site(page, NOW), address)
    assert file
    return file.body.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def marks(html: str) -> list[tuple[str, str]]:
    return re.findall(r'<a href="([^"]+)"><title>.*?</title><path class="(\w+)"', html)


def test_the_front_page_shows_a_bar_of_each_service_with_links_to_its_days(page: Page) -> None:
    outage(page, service(page), jst("2020-08-31 10:00"), lasting=2 * HOUR, status="major_outage")
    service(page, "quiet")
    assert marks(read(page, "/")) == [("/history/2020-08#d31", "major_outage")]
    assert marks(read(page, "/en/")) == [("/en/history/2020-08#d31", "major_outage")]
    assert read(page, "/").count('<path class="up"') == 2


def test_the_day_that_a_mark_leads_to_is_there_and_tells_what_happened(page: Page) -> None:
    outage(page, service(page), jst("2020-08-31 10:00"), lasting=2 * HOUR, status="major_outage")
    address, _, anchor = marks(read(page, "/"))[0][0].partition("#")
    day = re.search(rf'id="{anchor}".*?</dd>', read(page, address), re.S)
    assert day and "メール検索結果の反映遅延" in day[0]


def test_what_only_monitors_saw_leads_to_its_line_in_the_table_of_days(page: Page) -> None:
    one = watched(page).service
    saw(one, range(1, 90))
    ServiceDay.objects.filter(day="2020-08-31").update(up=A_DAY - 1800, partial_outage=1800)
    address, _, anchor = marks(read(page, "/"))[0][0].partition("#")
    line = re.search(rf'<tr id="{anchor}".*?</tr>', read(page, address), re.S)
    assert line and "8月31日（月） 一部障害 – 一部障害 30分" in words(line[0])


def test_uptime_stands_side_by_side_with_what_was_observed_of_it(page: Page) -> None:
    one = watched(page).service
    saw(one, range(45, 90))
    saw(one, range(1, 45), up=A_DAY - 864, major_outage=432)
    outage(page, one, jst("2020-08-31 10:00"), lasting=12 * HOUR, status="partial_outage")
    shown = words(read(page, "/services/mail"))
    # 0.3 x 12 h of 29 days and 12:50 hours; 432 s a day, and as much unseen, today nothing yet.
    assert "公表した障害 99.49% 99.83% 99.95%" in shown
    assert "監視 99.49% 観測率 97.6% 99.75% 観測率 99.1% 99.75% 観測率 24.3%" in shown


def test_uptime_is_never_rounded_up_to_all(page: Page) -> None:
    outage(page, service(page), jst("2020-08-31 10:00"), lasting=timedelta(minutes=1), status="major_outage")
    shown = words(read(page, "/uptime"))
    assert "公表した障害 99.99% 99.99% 99.99%" in shown
    assert "100%" not in shown


def test_a_service_that_nothing_watches_has_no_uptime_by_monitoring(page: Page) -> None:
    service(page)
    assert "監視 データなし データなし データなし" in words(read(page, "/uptime"))
    assert "監視なし" in words(read(page, "/services/mail"))


def test_all_services_stand_on_the_page_of_uptime_with_the_formula(page: Page) -> None:
    for slug in ("mail", "web"):
        service(page, slug, name=f"The {slug}")
    Page.objects.update(partial_outage_weight=0.5)
    page.refresh_from_db()
    shown = words(read(page, "/en/uptime"))
    assert "The mail" in shown and "The web" in shown
    assert "0.5 × time of partial outages" in shown


def test_a_service_is_called_by_its_name_in_the_language_of_the_page(page: Page) -> None:
    one = service(page, name="メール検索")
    Service.objects.filter(pk=one.pk).update(texts={"en": {"name": "Mail search"}})
    for address in ("/en/", "/en/uptime", "/en/services/mail"):
        html = read(page, address)
        assert "Mail search" in html and "メール検索" not in html
    assert 'aria-label="Mail search: the last 90 days"' in read(page, "/en/")


def test_days_that_are_alike_are_one_line_of_the_table(page: Page) -> None:
    outage(page, service(page), jst("2020-08-31 10:00"), lasting=HOUR, status="degraded")
    table = re.search(r'<table class="days-table">.*?</table>', read(page, "/services/mail"), re.S)
    assert table
    lines = [words(line).strip() for line in re.findall(r"<tr[ >].*?</tr>", table[0], re.S)]
    assert lines[1:] == [
        "9月1日（火） ～ 9月4日（金） 正常稼働中 – 監視なし",
        "8月31日（月） 性能低下 性能低下 1時間 監視なし",
        "6月7日（日） ～ 8月30日（日） 正常稼働中 – 監視なし",
    ]


def test_a_chart_is_shown_of_a_monitor_that_may_be_shown(page: Page) -> None:
    shown, hidden = watched(page, name="応答", is_charted=True), watched(page, "web", name="内部")
    for monitor in (shown, hidden):
        figures = {"measured": 6, "least": 80, "median": 120, "slow": 300, "most": 350}
        MonitorHour.objects.create(monitor=monitor, at=jst("2020-09-04 11:00"), **figures)
        MonitorDay.objects.create(monitor=monitor, day="2020-09-03", **figures)
    html = read(page, "/services/mail")
    assert html.count('<figure class="chart">') == 2
    assert "応答時間の中央値 120 ミリ秒。最も遅い時間帯でも100回中95回は 300 ミリ秒以内" in words(html)
    assert "9月3日（木） 80 120 350" in words(html)
    web = read(page, "/services/web")
    assert "<figure" not in web and "内部" not in web


def test_a_count_stands_beside_what_is_usual(page: Page) -> None:
    with times.at(CREATED):
        monitor = make.monitor(service(page), kind="baseline", name="受信数", is_charted=True)
    MonitorHour.objects.create(
        monitor=monitor,
        at=jst("2020-09-04 11:00"),
        measured=1,
        least=900,
        median=900,
        slow=900,
        most=900,
        usual_low=1000,
        usual_high=1400,
    )
    html = read(page, "/services/mail")
    assert "最新の値 900（その時間帯の通常範囲 1,000～1,400）" in words(html)
    assert 'class="band"' in html


def test_a_page_of_thirty_services_with_their_bars_stays_small(page: Page) -> None:
    for number in range(30):
        one = watched(page, f"service-{number}").service
        saw(one, range(1, 90))
        ServiceDay.objects.filter(service=one, day="2020-07-11").update(up=A_DAY - 600, partial_outage=600)
        outage(page, one, NOW - (number + 3) * DAY, lasting=HOUR, status="degraded")
    Monitor.objects.update(last_result_at=NOW)
    html = read(page, "/")
    assert len(marks(html)) == 60
    assert len(html.encode()) < 44_000


@pytest.mark.parametrize("count", [1, 3])
def test_the_bars_of_more_services_cost_no_more_queries(page: Page, count: int) -> None:
    for number in range(count):
        saw(watched(page, f"service-{number}").service, range(1, 9))
    with times.at(NOW):
        site = Site(page, NOW)
        assert site.overview.groups
        with CaptureQueriesContext(connection) as queries:
            files = [file for source in sources(site) if source.name == "uptime" for file in source.render()]
            assert site.recent_pasts
    assert [file.address for file in files] == ["/uptime", "/en/uptime"]
    # The keys of all sources, then the four that the past is read with.
    assert len(queries) == 10


def test_the_page_of_uptime_is_renewed_by_the_hour_and_by_what_is_told(page: Page) -> None:
    one = service(page)

    def key(at: datetime) -> str:
        with times.at(at):
            return next(source.key for source in sources(Site(page, at)) if source.name == "uptime")

    assert key(NOW) == key(NOW + timedelta(minutes=5))
    assert key(NOW) != key(NOW + HOUR)
    before = key(NOW)
    outage(page, one, NOW - 2 * HOUR, lasting=HOUR, status="degraded")
    assert key(NOW) != before
