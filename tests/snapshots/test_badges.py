from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from incidents.lib import times
from incidents.models import Page, ServiceStatus
from incidents.snapshots.badge_drawing import HEIGHT, draw, text_width
from incidents.snapshots.catalogue import find_file
from incidents.snapshots.site import Site
from tests import make
from tests.lib.hostile_text import hostile_text, patient
from tests.snapshots.v2.scene import NOW, told, watched

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver", name="稼働状況")


def read(address: str) -> ET.Element:
    with times.at(NOW):
        response = Client().get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    return ET.fromstring(response.content)


def words(svg: ET.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def fills(svg: ET.Element) -> list[str]:
    return [box.attrib["fill"] for box in svg.iter(f"{SVG}rect")]


@pytest.mark.django_db
def test_the_badge_of_the_page_says_its_worst_state(page: Page) -> None:
    hit = watched(page)
    watched(page)
    assert words(read("/badge.svg")) == ["稼働状況", "正常稼働中"]
    told(page, {hit: "partial_outage"}, "investigating")
    assert words(read("/badge.svg")) == ["稼働状況", "一部障害"]
    assert words(read("/en/badge.svg")) == ["稼働状況", "Partial outage"]


@pytest.mark.django_db
def test_an_open_incident_is_not_green_even_when_its_services_run_again(page: Page) -> None:
    hit = watched(page)
    green = fills(read("/badge.svg"))[1]
    incident = told(page, {hit: "degraded"}, "investigating")
    with times.at(NOW):
        make.update(incident, "monitoring", scope={hit: "operational"})
    assert words(read("/en/badge.svg")) == ["稼働状況", "Incident open"]
    assert fills(read("/badge.svg"))[1] != green


@pytest.mark.django_db
def test_each_service_has_its_badge_and_silence_is_never_green(page: Page) -> None:
    watched(page, slug="mail", name="メール送信")
    watched(page, slug="search", name="検索", minutes_ago=60)
    assert words(read("/services/mail/badge.svg")) == ["メール送信", "正常稼働中"]
    assert words(read("/services/search/badge.svg")) == ["検索", "状態不明（監視データなし）"]
    assert fills(read("/services/mail/badge.svg")) != fills(read("/services/search/badge.svg"))


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/badge.svg", "/services/mail/badge.svg"])
def test_once_publishing_has_stopped_no_badge_is_green(page: Page, address: str) -> None:
    watched(page, slug="mail")
    with times.at(NOW):
        file = find_file(Site(page, NOW), address)
    assert file and file.stale
    assert words(ET.fromstring(file.stale))[1] == "状態不明（監視データなし）"


@pytest.mark.parametrize("status", ServiceStatus)
def test_colours_differ_and_words_can_be_read_on_them(status: ServiceStatus) -> None:
    svg = ET.fromstring(draw("a", "b", status))
    others = {fills(ET.fromstring(draw("a", "b", one)))[1] for one in ServiceStatus}
    assert len(others) == len(ServiceStatus)
    ink = [text.attrib["fill"] for text in svg.iter(f"{SVG}text")]
    for background, foreground in zip(fills(svg), ink, strict=True):
        assert contrast(background, foreground) >= 4.5


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 counts it."""
    light, dark = sorted(map(luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("text", ["メール検索", "Mail search", "ｶﾅ", "é", "e\u0301", "😀", ""])
def test_texts_have_room_and_do_not_overlap(text: str) -> None:
    svg = ET.fromstring(draw(text, text, ServiceStatus.OPERATIONAL))
    left, right = (float(box.attrib["width"]) for box in svg.iter(f"{SVG}rect"))
    first, second = svg.iter(f"{SVG}text")
    assert float(first.attrib["x"]) + text_width(text) < left
    assert float(second.attrib["x"]) + text_width(text) < left + right == float(svg.attrib["width"])
    assert svg.attrib["height"] == str(HEIGHT)


def test_a_japanese_character_is_as_wide_as_it_is_high() -> None:
    assert text_width("稼働状況") == 44 > text_width("good") > 0 == text_width("")


@patient
@given(text=st.one_of(hostile_text(), st.text(max_size=30)))
def test_no_name_breaks_a_badge(text: str) -> None:
    svg = ET.fromstring(draw(text, text, ServiceStatus.UNKNOWN))
    assert {node.tag for node in svg.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "title", "rect", "g", "text")
    }
    assert not any(name.startswith("on") or "href" in name for node in svg.iter() for name in node.attrib)
