import io
import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from PIL import Image

from incidents.actions.maintenance import cancel_maintenance
from incidents.lib import times
from incidents.models import Incident, Page, ServiceStatus
from incidents.snapshots.preview_drawing import DRAWINGS, draw
from tests import make
from tests.snapshots.v2.scene import NOW, told, watched

pytestmark = pytest.mark.django_db
HOSTILE = '</script><script>alert(1)</script> & "x" \u2028'


class Head(HTMLParser):
    """The <meta> of a page by name or property, and its structured data."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.data: list[Any] = []
        self._is_data = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta":
            self.meta[given.get("property") or given.get("name") or "charset"] = given.get("content", "")
        self._is_data = tag == "script" and given.get("type") == "application/ld+json"

    def handle_data(self, data: str) -> None:
        if self._is_data:
            self.data.append(json.loads(data))
            self._is_data = False


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver", name="稼働状況", organisation="株式会社サンプル")


def read(address: str) -> Head:
    with times.at(NOW):
        response = Client().get(address)
    assert response.status_code == 200
    return Head(response.content.decode())


def test_a_link_to_the_page_shows_its_state(page: Page) -> None:
    watched(page)
    meta = read("/").meta
    assert meta["og:title"] == "すべてのサービスは正常に稼働しています – 稼働状況"
    assert meta["og:description"] == meta["description"] == "株式会社サンプル"
    assert meta["og:image"].startswith("http") and meta["og:image"].endswith("/previews/operational.png")
    assert (meta["og:locale"], meta["twitter:card"]) == ("ja_JP", "summary_large_image")
    assert read("/en/").meta["og:url"].endswith("/en/")


def test_a_link_to_an_incident_shows_what_was_told_last(page: Page) -> None:
    incident = told(page, {watched(page): "major_outage"}, "investigating")
    address = f"/incidents/{incident.reference}"
    head = read(address)
    assert head.meta["og:title"] == incident.title
    assert head.meta["og:description"] == "調査しております。"
    assert head.meta["og:image"].endswith("/previews/major_outage.png")
    assert head.meta["og:url"].endswith(address)
    (data,) = head.data
    assert (data["@context"], data["@type"]) == ("https://schema.org", "Article")
    assert data["datePublished"] <= data["dateModified"] and data["publisher"]["name"] == "株式会社サンプル"
    with times.at(NOW):
        make.update(incident, "resolved")
    assert read(address).meta["og:image"].endswith("/previews/operational.png")


@pytest.mark.parametrize(
    "address", ["/", "/history", "/history/2020-09", "/services/mail", "/en/services/mail"]
)
def test_every_page_has_a_preview_whose_picture_is_there(page: Page, address: str) -> None:
    told(page, {watched(page, slug="mail"): "degraded"}, "investigating", "resolved")
    head = read(address)
    assert {"og:title", "og:description", "og:url", "og:image", "description"} <= head.meta.keys()
    assert all(head.meta[name] for name in ("og:title", "og:description"))
    picture = urlsplit(head.meta["og:image"]).path
    assert Client().get(picture)["Content-Type"] == "image/png"


def test_hostile_texts_stay_inside(page: Page) -> None:
    incident = told(page, {watched(page, slug="mail", name=HOSTILE): "degraded"}, "investigating")
    Incident.objects.filter(pk=incident.pk).update(title=HOSTILE)
    for address in (f"/incidents/{incident.reference}", "/services/mail"):
        head = read(address)
        assert head.meta["og:title"] == HOSTILE
        (data,) = head.data
        assert HOSTILE in (data.get("headline"), data.get("name"))


def test_every_page_names_its_feeds(page: Page) -> None:
    html = Client().get("/en/").content.decode()
    found = re.findall(r'<link rel="alternate" type="([^"]+)"[^>]* href="([^"]+)"', html)
    assert found == [
        ("application/atom+xml", "/en/history.atom"),
        ("application/rss+xml", "/en/history.rss"),
        ("text/calendar", "/en/calendar.ics"),
    ]


def test_there_is_a_picture_of_each_state_and_no_two_are_alike() -> None:
    pictures = {state: draw(state) for state in DRAWINGS}
    assert set(ServiceStatus) < set(pictures) and len(set(pictures.values())) == len(pictures)
    for body in pictures.values():
        picture = Image.open(io.BytesIO(body))
        assert (picture.format, picture.size) == ("PNG", (1200, 630)) and len(body) < 30_000


def test_a_maintenance_is_an_event_that_may_be_called_off(page: Page) -> None:
    service = make.service(page)
    with times.at(NOW):
        made = make.maintenance(page, {service: "maintenance"})
    (data,) = read(f"/maintenance/{made.public_id}").data
    assert (data["@type"], data["eventStatus"]) == ("Event", "https://schema.org/EventScheduled")
    assert data["startDate"] < data["endDate"]
    with times.at(NOW):
        cancel_maintenance(made)
    (data,) = read(f"/maintenance/{made.public_id}").data
    assert data["eventStatus"] == "https://schema.org/EventCancelled"
