"""How much of the network the page's first paint needs, on a day when everybody comes at once."""

import gzip
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import Response

from incidents.lib import times
from incidents.models import Page
from tests import make
from tests.browser.conftest import OpenTab
from tests.browser.scenes import DAYS, NOW, show_major, watch, watch_days

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIRST_PAINT_BYTES = 60_000


@pytest.fixture(autouse=True)
def at_the_moment_of_the_scenes() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


def test_the_first_paint_of_thirty_services_in_an_incident_is_light(open_tab: OpenTab, page: Page) -> None:
    show_major(page)
    with times.at(NOW - timedelta(days=DAYS)):
        services = [make.service(page, group=f"Group {number // 5}") for number in range(25)]
        for service in services:
            watch(service, minutes_silent=1)
    watch_days(services)
    tab = open_tab("/robots.txt")
    answers: list[Response] = []
    tab.on("response", lambda response: answers.append(response))
    tab.goto("/", wait_until="networkidle")
    got = [answer for answer in answers if answer.request.method == "GET"]
    sizes = {answer.url: len(gzip.compress(answer.body(), 6)) for answer in got}
    assert any(url.endswith(".css") for url in sizes) and any(url.endswith(".svg") for url in sizes)
    assert sum(sizes.values()) < FIRST_PAINT_BYTES, sizes
