from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.lib import times
from incidents.models import Page, Service, ServiceDay
from incidents.snapshots.catalogue import find_file, sources
from incidents.snapshots.colours import FILLS
from incidents.snapshots.site import Site
from tests import make
from tests.snapshots.v2.scene import NOW

pytestmark = pytest.mark.django_db
A_DAY = 86_400
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def page() -> Page:
    return make.page(name="稼働状況")


def service(page: Page, slug: str = "mail", *, name: str = "メール送信") -> Service:
    with times.at(NOW - timedelta(days=400)):
        made = make.service(page, slug=slug, name=name)
    Service.objects.filter(pk=made.pk).update(created_at=NOW - timedelta(days=400))
    return made


def outage(one: Service, *, hours: float, status: str = "major_outage") -> None:
    begins_at = NOW - timedelta(days=10)
    with times.at(begins_at):
        incident = make.incident(one.page, {one: status})
        make.update(incident)
    with times.at(begins_at + timedelta(hours=hours)):
        make.update(incident, "resolved")


def read(page: Page, address: str = "/services/mail/uptime.svg") -> tuple[list[str], str]:
    """Its words, and the colour under the last of them."""
    with times.at(NOW):
        file = find_file(Site(page, NOW), address)
    assert file and file.stale is None
    svg = ET.fromstring(file.body)
    fill = [box.attrib["fill"] for box in svg.iter(f"{SVG}rect")][-1]
    return [text.text or "" for text in svg.iter(f"{SVG}text")], fill


@pytest.mark.parametrize(
    ("hours", "words", "colour"),
    [
        (0, "100%", "operational"),
        (1, "99.95%", "operational"),
        (10, "99.53%", "degraded"),
        (60, "97.20%", "partial_outage"),
        (160, "92.55%", "major_outage"),
    ],
)
def test_it_says_the_uptime_of_ninety_days(page: Page, hours: int, words: str, colour: str) -> None:
    one = service(page)
    if hours:
        outage(one, hours=hours)
    label, shown = read(page)[0]
    assert (label, shown) == ("メール送信 稼働率（90日間）", words)
    assert read(page)[1] == FILLS[colour][0]
    assert read(page, "/en/services/mail/uptime.svg")[0] == ["メール送信 uptime, 90 days", words]


def test_what_monitors_saw_counts_where_it_is_worse(page: Page) -> None:
    one = service(page)
    outage(one, hours=1)
    make.monitor(one, kind="http", target="https://example.com")
    for back in range(1, 60):
        down = 20_000 if back == 5 else 0
        day = (NOW - timedelta(days=back)).date()
        ServiceDay.objects.create(service=one, day=day, seconds=A_DAY, up=A_DAY - down, major_outage=down)
    assert read(page)[0][1] == "99.60%"


def test_of_a_service_that_is_new_nothing_is_known(page: Page) -> None:
    one = service(page)
    Service.objects.filter(pk=one.pk).update(created_at=NOW + timedelta(minutes=1))
    words, fill = read(page)
    assert (words[1], fill) == ("データ未受信", FILLS["unknown"][0])


def test_it_is_made_anew_each_hour_and_with_each_incident(page: Page) -> None:
    one = service(page)

    def key(hours: int = 0) -> str:
        site = Site(page, NOW + timedelta(hours=hours))
        with times.at(site.now):
            return next(found.key for found in sources(site) if found.name == "uptime-badge:mail")

    first = key()
    assert key() == first != key(hours=1)
    outage(one, hours=1)
    assert key() != first


def test_many_cost_the_queries_of_one(page: Page) -> None:
    def count() -> int:
        site = Site(page, NOW)
        with times.at(NOW):
            found = [one for one in sources(site) if one.name.startswith("uptime-badge:")]
            with CaptureQueriesContext(connection) as queries:
                assert all(list(one.render()) for one in found)
        return len(queries)

    service(page)
    once = count()
    for number in range(2):
        service(page, f"other-{number}", name=f"Other {number}")
    assert count() == once
