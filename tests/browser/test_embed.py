"""The banner on somebody else's site: there while something is wrong, and nothing of theirs but the status page's."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from incidents.models import Page
from tests import make
from tests.browser.conftest import OpenTab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenSite = Callable[..., Tab]


class Shop(BaseHTTPRequestHandler):
    """A site that allows the status page, and nothing else, to load anything into it."""

    status_page = ""

    def do_GET(self) -> None:
        script = f'<script async src="{self.status_page}/embed.js" {self.path.strip("/")}></script>'
        html = f'<!doctype html><title>Shop</title><h1>Shop</h1>{script}<p id="below">Wares</p>'.encode()
        sources = " ".join(f"{name}-src {self.status_page};" for name in ("script", "connect", "frame"))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(html)))
        self.send_header("Content-Security-Policy", f"default-src 'none'; {sources}")
        self.end_headers()
        self.wfile.write(html)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


@pytest.fixture
def open_site(open_tab: OpenTab, live_server: LiveServer) -> Iterator[OpenSite]:
    """Opens the shop with these attributes on its script."""
    handler = type("Shop", (Shop,), {"status_page": live_server.url})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def open_one(attributes: str = "") -> Tab:
            tab = open_tab("about:blank", width=375)
            tab.goto(f"http://127.0.0.1:{server.server_port}/{attributes}")
            return tab

        yield open_one
        server.shutdown()


def test_a_site_shows_the_banner_while_something_is_wrong(open_site: OpenSite, page: Page) -> None:
    incident = make.incident(page, {make.service(page): "major_outage"}, title="メールを送信できません")
    make.update(incident)
    tab = open_site()
    frame = tab.frame_locator("iframe")
    expect(frame.get_by_text("重大な障害が発生しています")).to_be_visible()
    expect(frame.get_by_role("link", name="メールを送信できません")).to_have_attribute("target", "_blank")
    expect(tab.locator("iframe")).not_to_have_css("height", "0px")
    box, below = tab.locator("iframe").bounding_box(), tab.locator("#below").bounding_box()
    assert box and below and box["height"] > 40 and box["y"] + box["height"] <= below["y"]


def test_a_site_shows_it_in_the_language_it_asks_for(open_site: OpenSite, page: Page) -> None:
    make.update(make.incident(page, {make.service(page): "degraded"}))
    tab = open_site("data-language=en")
    expect(tab.frame_locator("iframe").get_by_text("Some services have degraded performance")).to_be_visible()


def test_a_site_shows_nothing_while_all_is_well_and_asks_nobody_else(
    open_site: OpenSite, page: Page, live_server: LiveServer
) -> None:
    make.service(page)
    tab = open_site()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    with tab.expect_response("**/api/v2/summary.json"):
        tab.reload()
    tab.wait_for_timeout(300)  # for a frame that must not come
    expect(tab.locator("iframe")).to_have_count(0)
    assert {urlsplit(address).netloc for address in asked} == {
        urlsplit(tab.url).netloc,
        urlsplit(live_server.url).netloc,
    }
    assert not tab.context.cookies()
