"""The page as people see it: pictures of every state, and nothing that keeps anyone out of it."""

import io
from collections.abc import Iterator

import pytest
import time_machine
from PIL import Image
from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as Tab

from incidents.actions.customer import add_note, create_customer, make_member_link
from incidents.actions.look import set_logo, set_look
from incidents.actions.page import set_visibility
from incidents.models import Page
from incidents.queries.members import link_token
from incidents.snapshots.catalogue import find_file
from incidents.snapshots.site import Site
from tests.browser.conftest import HEIGHTS, OpenTab
from tests.browser.looking import look_at, scrolls_sideways
from tests.browser.scenes import NOW, SCENES, show_maintenance, show_major, show_operational

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def at_the_moment_of_the_scenes() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.mark.parametrize("scene", SCENES)
def test_every_state_looks_right_and_hinders_nobody(open_tab: OpenTab, page: Page, scene: str) -> None:
    SCENES[scene](page)
    look_at(open_tab("/"), f"{scene}-ja")
    look_at(open_tab("/en/"), f"{scene}-en", keep=scene == "major")


def test_once_publishing_stopped_the_page_is_grey_and_says_so(open_tab: OpenTab, page: Page) -> None:
    show_operational(page)
    tab = open_tab("/robots.txt")
    for address, name in (("/", "stale-ja"), ("/en/", "stale-en")):
        twin = find_file(Site(page, NOW), address)
        assert twin and twin.stale
        serve(tab, address, twin.stale)
        tab.goto(address)
        look_at(tab, name, keep=address == "/")


def serve(tab: Tab, address: str, body: bytes) -> None:
    headers = {"Content-Type": "text/html; charset=utf-8"}
    tab.route(f"**{address}", lambda route: route.fulfill(body=body, headers=headers))


def test_the_other_pages_look_right_and_hinder_nobody(open_tab: OpenTab, page: Page) -> None:
    incident = show_major(page)
    number = page.incidents.get(report__isnull=False).report.number
    addresses = {
        "incident": f"/incidents/{incident.reference}",
        "history": "/history",
        "month": "/history/2020-09",
        "service": "/services/archive",
        "report": f"/reports/{number}",
        "missing": "/no-such-page",
        "subscribe": "/subscribe",
        "webhook": "/subscribe/webhook",
        "chat": "/subscribe/chat",
        "endpoints": "/endpoints",
        "manage": "/manage",
        "unsubscribed": "/unsubscribe/no-such-link",
    }
    for name, address in addresses.items():
        for language, prefix in (("ja", ""), ("en", "/en")):
            tab = open_tab(prefix + address)
            for details in tab.locator("details").all():
                details.evaluate("node => node.open = true")
            look_at(tab, f"{name}-{language}", keep=name in PICTURED and language == "ja")


PICTURED = ("incident", "history", "service", "report")


def test_a_maintenance_looks_right_and_hinders_nobody(open_tab: OpenTab, page: Page) -> None:
    show_maintenance(page)
    for maintenance in page.maintenances.all():
        address = f"/maintenance/{maintenance.public_id}"
        for language, prefix in (("ja", ""), ("en", "/en")):
            look_at(open_tab(prefix + address), f"work-{maintenance.state}-{language}", keep=language == "ja")
            assert not scrolls_sideways(open_tab(prefix + address, width=320))


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
    for address in ("/", f"/incidents/{incident.reference}", "/history", "/services/archive", "/subscribe"):
        for prefix in ("", "/en"):
            tab = open_tab(prefix + address, width=320)
            assert not scrolls_sideways(tab), prefix + address


def test_it_fits_letters_twice_as_large(open_tab: OpenTab, page: Page) -> None:
    show_major(page)
    tab = open_tab("/", width=375)
    tab.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert not scrolls_sideways(tab)


def test_a_long_status_stands_at_the_same_edge_as_a_short_one(open_tab: OpenTab, page: Page) -> None:
    SCENES["unknown"](page)
    tab = open_tab("/", width=375)
    boxes = [place.bounding_box() for place in tab.locator(".service-state").all()]
    edges = {round(box["x"] + box["width"]) for box in boxes if box}
    assert len(boxes) == 5 and len(edges) == 1


def test_a_print_holds_what_the_screen_folds_away_and_no_buttons(open_tab: OpenTab, page: Page) -> None:
    show_operational(page)
    tab = open_tab("/")
    tab.emulate_media(media="print")
    expect(tab.get_by_role("link", name="API")).to_be_visible()
    expect(tab.locator(".masthead .button")).to_be_hidden()
    assert tab.pdf(format="A4").startswith(b"%PDF")


def test_colours_forced_by_the_system_leave_every_state_its_shape(open_tab: OpenTab, page: Page) -> None:
    show_major(page)
    tab = open_tab("/", forced_colors="active")
    banner = tab.locator(".banner")
    assert banner.evaluate("el => getComputedStyle(el).borderTopStyle") == "solid"
    colours = "el => [getComputedStyle(el).color, getComputedStyle(el).getPropertyValue('--icon-mark')]"
    assert len(set(banner.locator("svg").evaluate(colours))) == 2
