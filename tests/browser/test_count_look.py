"""A count beside what is usual, as the public and staff see it: holidays, a gap and a drop, judged and rolled up."""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine

from incidents.fixtures.make_hea2020100801 import WEEKDAY_SHARE, WORKDAY
from incidents.lib import times
from incidents.lib.calendars import Calendar, DayKind
from incidents.models import Monitor, Page
from incidents.monitors.intake import take_observations
from incidents.monitors.rollup import roll_up_due
from tests import make
from tests.browser import desk
from tests.browser.conftest import OpenTab
from tests.browser.looking import look_at
from tests.make import jst

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOUR = timedelta(hours=1)
NOW = jst("2026-09-25 15:10")
FROM = jst("2026-06-29 00:00")
GAP = (jst("2026-09-19 10:00"), jst("2026-09-19 20:00"))
DROP_FROM = jst("2026-09-24 09:00")


@pytest.fixture(autouse=True)
def after_the_silver_week() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


def count(hour: datetime, chance: random.Random) -> float:
    """As many as an office sends; a quarter is missing from the drop on."""
    rests = Calendar("JP").kind(hour.toordinal()) == DayKind.HOLIDAY
    usual = 4000 * WORKDAY[hour.hour] * WEEKDAY_SHARE[6 if rests else hour.weekday()]
    return round(usual * (0.75 if hour >= DROP_FROM else 1.0) * math.exp(chance.gauss(0, 0.08)))


@pytest.fixture
def counted(page: Page) -> Monitor:
    chance = random.Random(3)
    with times.at(FROM):
        service = make.service(page, slug="mail", name="メール", description="送受信")
        monitor = make.monitor(service, name="受信メール数（1時間あたり）", is_charted=True)
    hours = (FROM + HOUR * number for number in range(int((NOW - FROM) / HOUR)))
    points = [(hour + HOUR, count(hour, chance)) for hour in hours if not GAP[0] <= hour < GAP[1]]
    take_observations(monitor, points)
    roll_up_due(seconds=600)
    monitor.refresh_from_db()
    return monitor


def test_a_count_is_seen_against_its_band_by_the_public(open_tab: OpenTab, counted: Monitor) -> None:
    assert counted.verdict == "low"
    for address, name in (("/services/mail", "count-ja"), ("/en/services/mail", "count-en")):
        tab = open_tab(address)
        told = tab.locator("figure.chart").first
        assert told.locator("path.band, path.line, path.unusual, path.holidays").count() == 4
        for details in tab.locator("figure details").all():
            details.evaluate("node => node.open = true")
        look_at(tab, name)


def test_staff_see_it_and_take_the_new_level_for_the_usual(open_tab: OpenTab, counted: Monitor) -> None:
    make.staff()
    tab = open_tab("/console/")
    desk.sign_in(tab, "staff@example.com")
    tab.goto(f"/console/services/mail/monitors/{counted.pk}/")
    look_at(tab, "count-console")
    tab.click("#accept-level")
    tab.get_by_text("現在の水準を通常の値としました").wait_for()
    counted.refresh_from_db()
    assert counted.verdict == "up"
    assert tab.locator("#accept-level").count() == 0
