"""The page as people see it: pictures of every state, and nothing that keeps anyone out of it."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator
from playwright.sync_api import Page as Tab

from incidents.actions.customer import add_note, create_customer, make_member_link
from incidents.actions.look import set_logo, set_look
from incidents.actions.page import set_visibility
from incidents.models import Page
from incidents.queries.members import link_token
from tests.browser.conftest import HEIGHTS, OpenTab
from tests.browser.scenes import NOW, SCENES, show_major, show_operational

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]
# KEEP_SCREENSHOTS=1 renews those that the documentation shows.
KEPT = os.environ.get("KEEP_SCREENSHOTS") == "1"
PICTURES = ROOT / ("docs/screenshots" if KEPT else "tests/output/screenshots")


@pytest.fixture(autouse=True)
def at_the_moment_of_the_scenes() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


def hindrances(tab: Tab) -> list[str]:
    found = Axe().run(tab).response["violations"]
    return [f"{v['impact']} {v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]


def look_at(tab: Tab, name: str, *, keep: bool = True) -> None:
    """At both widths, light and dark: nothing hinders, nothing scrolls sideways; pictures are kept."""
    for scheme, axe_width in (("light", 375), ("dark", 1280)):
        tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width, height in HEIGHTS.items():
            tab.set_viewport_size({"width": width, "height": height})
            assert not scrolls_sideways(tab)
            if width == axe_width:
                assert not hindrances(tab)
            if keep:
                PICTURES.mkdir(parents=True, exist_ok=True)
                tab.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=True)


def scrolls_sideways(tab: Tab) -> bool:
    return bool(tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("scene", SCENES)
def test_every_state_looks_right_and_hinders_nobody(open_tab: OpenTab, page: Page, scene: str) -> None:
    SCENES[scene](page)
    look_at(open_tab("/"), f"{scene}-ja")
    look_at(open_tab("/en/"), f"{scene}-en", keep=scene == "major")


def test_the_other_pages_look_right_and_hinder_nobody(open_tab: OpenTab, page: Page) -> None:
    incident = show_major(page)
    number = page.incidents.get(report__isnull=False).report.number
    addresses = {
        "incident": f"/incidents/{incident.reference}",
        "history": "/history",
        "service": "/services/archive",
        "report": f"/reports/{number}",
        "missing": "/no-such-page",
        "subscribe": "/subscribe",
    }
    for name, address in addresses.items():
        tab = open_tab(address)
        for details in tab.locator("details").all():
            details.evaluate("node => node.open = true")
        look_at(tab, f"{name}-ja", keep=name in ("incident", "report"))


def test_a_page_with_a_look_of_its_own_and_a_customers_page_hinder_nobody(
    open_tab: OpenTab, page: Page
) -> None:
    incident = show_major(page)
    set_look(
        page,
        theme={"accent": "#7a0019", "font": "serif"},
        links=[{"label": {"ja": "会社概要", "en": "About us"}, "url": "https://example.com/"}],
        footer={"ja": "〒100-0001 東京都千代田区"},
    )
    drawn = io.BytesIO()
    Image.new("RGB", (600, 120), "#7a0019").save(drawn, "PNG")
    set_logo(page, drawn.getvalue())
    customer = make_member_link(create_customer(page, name="株式会社アクメ"))
    for place in (incident, None):
        add_note(
            page,
            body="御社専用の経路は**影響を受けておりません**。",
            customer_ids=[customer.pk],
            incident=place,
        )
    look_at(open_tab("/"), "own-look-ja")
    tab = open_tab(f"/members/{link_token(customer)}")
    look_at(tab, "member-link-ja", keep=False)
    tab.click("main button")
    tab.wait_for_url("**/members")
    look_at(tab, "member-ja")


def test_the_door_of_a_private_page_hinders_nobody_and_opens(open_tab: OpenTab, page: Page) -> None:
    show_operational(page)
    set_visibility(page, "private", password="open sesame")
    tab = open_tab("/history")
    look_at(tab, "door-ja", keep=False)
    tab.fill("#id_password", "wrong guess")
    tab.click("main button")
    tab.wait_for_selector(".field-error")
    look_at(tab, "door-wrong-ja")
    tab.fill("#id_password", "open sesame")
    tab.click("main button")
    tab.wait_for_selector("h1:has-text('履歴')")
    assert tab.url.endswith("/history")


@pytest.mark.parametrize("prefix", ["/", "/en/"])
def test_the_first_screen_of_a_phone_holds_what_is_asked_first(
    open_tab: OpenTab, page: Page, prefix: str
) -> None:
    show_major(page)
    tab = open_tab(prefix, width=375)
    asked_first = {
        "worst state": tab.locator(".banner h1"),
        "data as of": tab.locator(".banner .as-of"),
        "title": tab.locator(".incident h3").first,
        "next update": tab.locator(".promise").first,
        "estimated recovery": tab.locator(".promise").nth(1),
        "latest update's instant": tab.locator(".update-latest .update-time").first,
        "latest update": tab.locator(".update-latest .prose p").first,
        "subscribe": tab.locator(".masthead .button"),
    }
    below = {name: bottom(place) for name, place in asked_first.items() if bottom(place) > HEIGHTS[375]}
    assert not below


def bottom(place: Locator) -> float:
    box = place.bounding_box()
    assert box
    return box["y"] + box["height"]


def test_it_fits_a_screen_320_pixels_wide(open_tab: OpenTab, page: Page) -> None:
    incident = show_major(page)
    for address in ("/", "/en/", f"/incidents/{incident.reference}", "/history"):
        tab = open_tab(address, width=320)
        assert not scrolls_sideways(tab), address


def test_it_works_without_javascript(open_tab: OpenTab, page: Page) -> None:
    show_major(page)
    tab = open_tab("/", java_script_enabled=False)
    earlier = tab.locator(".earlier")
    assert not earlier.locator("ol").is_visible()
    earlier.locator("> summary").click()
    assert earlier.locator("ol").is_visible()


def test_a_visitor_elsewhere_sees_the_own_time_beside(open_tab: OpenTab, page: Page) -> None:
    show_major(page)
    at_home = open_tab("/")
    assert at_home.locator(".visitor-time").count() == 0
    abroad = open_tab("/en/", timezone_id="Europe/Berlin", locale="en-GB")
    assert "08:30" in abroad.locator(".promise .visitor-time").first.inner_text()


def test_the_keyboard_reaches_the_content_first(open_tab: OpenTab, page: Page) -> None:
    show_operational(page)
    tab = open_tab("/")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "content"


def test_the_browser_reports_no_breach_of_the_policy(open_tab: OpenTab, page: Page) -> None:
    incident = show_major(page)
    complaints: list[str] = []
    tab = open_tab("/")
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("response", lambda response: complaints.extend([response.url] * (response.status >= 400)))
    for address in ("/", "/history", f"/incidents/{incident.reference}"):
        tab.goto(address)
    assert not complaints
