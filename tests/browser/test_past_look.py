"""Bars, tables of days and charts: seen by everyone, reached by keyboard, told apart without colour."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from incidents.lib import times
from incidents.models import MonitorDay, MonitorHour, Page, Service, ServiceDay
from tests import make
from tests.browser.conftest import OpenTab
from tests.browser.looking import look_at
from tests.browser.scenes import NOW, watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
A_DAY = 86_400


@pytest.fixture(autouse=True)
def at_the_moment_of_the_scenes() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def service(page: Page) -> Service:
    """Sixty days of which some were everything that a day can be."""
    with times.at(NOW - 60 * DAY):
        made = make.service(page, slug="mail", name="メール", description="送受信")
        watch(made, minutes_silent=1)
    today = NOW.date()
    saw = {4: (A_DAY - 3600, 3600), 12: (20_000, 0), 13: (60_000, 0)}
    ServiceDay.objects.bulk_create(
        ServiceDay(
            service=made,
            day=today - timedelta(days=back),
            seconds=A_DAY,
            up=saw.get(back, (A_DAY, 0))[0],
            partial_outage=saw.get(back, (A_DAY, 0))[1],
        )
        for back in range(60)
        if back not in (20, 21, 22)
    )
    for back, status in ((30, "degraded"), (31, "partial_outage"), (40, "major_outage")):
        with times.at(NOW - back * DAY):
            incident = make.incident(page, {made: status})
            make.update(incident)
        with times.at(NOW - back * DAY + HOUR):
            make.update(incident, "resolved")
    return made


def measure(service: Service) -> None:
    with times.at(NOW - 60 * DAY):
        checks = make.monitor(
            service, kind="http", target="https://example.com", name="応答", is_charted=True
        )
        count = make.monitor(service, kind="baseline", name="受信数", is_charted=True)
    for hour in range(160):
        if 60 <= hour < 70:
            continue
        value = 100.0 + 7 * (hour % 24)
        figures = {"measured": 1, "least": value, "median": value, "slow": 2 * value, "most": 2 * value}
        usual = {"usual_low": 0.8 * value, "usual_high": 1.2 * value}
        MonitorHour.objects.create(monitor=checks, at=NOW - hour * HOUR, **figures)
        MonitorHour.objects.create(monitor=count, at=NOW - hour * HOUR, **figures, **usual)
        MonitorDay.objects.get_or_create(monitor=checks, day=(NOW - hour * HOUR).date(), defaults=figures)


def test_the_past_looks_right_and_hinders_nobody(open_tab: OpenTab, service: Service) -> None:
    measure(service)
    for address, name in (
        ("/", "past-ja"),
        ("/services/mail", "past-service-ja"),
        ("/en/services/mail", "past-service-en"),
        ("/uptime", "uptime-ja"),
        ("/en/uptime", "uptime-en"),
    ):
        tab = open_tab(address)
        for details in tab.locator("details").all():
            details.evaluate("node => node.open = true")
        look_at(tab, name)


def test_it_fits_a_screen_320_pixels_wide(open_tab: OpenTab, service: Service) -> None:
    measure(service)
    for address in ("/", "/services/mail", "/en/services/mail", "/uptime", "/en/uptime"):
        tab = open_tab(address, width=320)
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not tab.evaluate(wide), address


def test_a_day_is_reached_by_keyboard_and_opens_what_happened(open_tab: OpenTab, service: Service) -> None:
    tab = open_tab("/")
    mark = tab.get_by_role("link", name="8月5日（水） 性能低下 1時間")
    mark.focus()
    assert tab.evaluate("document.activeElement.matches('.bar a:focus-visible')")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/history/2020-08#d05")
    assert tab.locator("#d05").is_visible()


def test_every_state_has_a_shape_of_its_own(open_tab: OpenTab, service: Service) -> None:
    """Heights and breaks of the strokes, without their colours."""
    tab = open_tab("/")
    kinds = ("up", "unknown", "gap", "degraded", "partial_outage", "major_outage")
    shape = "node => { const s = getComputedStyle(node); return s.strokeWidth + s.strokeDasharray + "
    shape += "(node.getAttribute('d').match(/M/g).length > 2) }"
    shapes = {tab.locator(f".bar .{kind}").first.evaluate(shape) for kind in kinds}
    assert len(shapes) == len(kinds)
