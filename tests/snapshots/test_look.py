"""A page's own look: stylesheet, logo, links and footer."""

import io
import re

import pytest
from django.test import Client
from PIL import Image

from incidents.actions.look import set_logo, set_look
from incidents.actions.page import change_settings
from incidents.lib import colours, times
from incidents.models import Page
from incidents.snapshots.catalogue import sources
from incidents.snapshots.site import Site
from incidents.snapshots.theme import STACKS, stylesheet
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver", languages=["ja", "en"])


def picture(colour: str = "#1d4f91") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (400, 100), colour).save(target, "PNG")
    return target.getvalue()


def read(address: str) -> str:
    response = Client().get(address)
    assert response.status_code == 200
    return response.content.decode()


def names(page: Page) -> set[str]:
    return {source.name for source in sources(Site(Page.objects.get(pk=page.pk), times.now()))}


@pytest.mark.parametrize("theme", [{}, {"font": "sans"}])
def test_the_products_own_look_needs_no_stylesheet(page: Page, theme: dict[str, str]) -> None:
    assert stylesheet(theme) == ""
    set_look(page, theme=theme)
    assert "theme" not in names(page)
    assert "theme.css" not in read("/")
    assert Client().get("/theme.css").status_code == 404


def declared(css: str, name: str) -> list[str]:
    """The light value and the dark one."""
    return re.findall(rf"--{name}: (#\w+);", css)


@pytest.mark.parametrize("accent", ["#0b5d3b", "#000000", "#7a0019", "#4b2e83"])
def test_text_in_and_on_the_accent_reads_in_both_schemes(accent: str) -> None:
    css = stylesheet({"accent": accent})
    (light, dark), hovers, texts = (declared(css, name) for name in ("accent", "accent-hover", "on-accent"))
    assert light == accent
    for colour, hover, text, grounds in (
        (light, hovers[0], texts[0], colours.LIGHT_GROUNDS),
        (dark, hovers[1], texts[1], colours.DARK_GROUNDS),
    ):
        assert colours.reads_on(colour, grounds) and colours.reads_on(hover, grounds)
        assert colours.contrast(text, colour) >= 4.5 and colours.contrast(text, hover) >= 4.5


def test_a_colour_chosen_for_dark_ground_is_used_as_it_is() -> None:
    assert declared(stylesheet({"accent": "#0b5d3b", "accent_dark": "#66cf95"}), "accent") == [
        "#0b5d3b",
        "#66cf95",
    ]
    alone = stylesheet({"accent_dark": "#66cf95"})
    assert alone.startswith("@media (prefers-color-scheme: dark)") and declared(alone, "accent") == [
        "#66cf95"
    ]


@pytest.mark.parametrize("font", sorted(STACKS))
def test_a_font_is_set_for_japanese_too_and_none_is_fetched(font: str) -> None:
    css = stylesheet({"font": font})
    assert css.startswith(":root, :root:lang(ja) { --font: ")
    assert "url(" not in css and "@import" not in css and "@font-face" not in css


def test_every_page_loads_the_stylesheet_by_what_it_holds(page: Page) -> None:
    set_look(page, theme={"accent": "#0b5d3b"})
    before, look = read("/"), Site(Page.objects.get(), times.now()).look
    found = re.search(r'<link rel="stylesheet" href="(/theme\.css\?\w{16})">', before)
    assert found and found[0] in read("/en/history")
    response = Client().get(found[1])
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert "--accent: #0b5d3b;" in response.content.decode()
    set_look(page, theme={"accent": "#7a0019"})
    assert found[1] not in read("/")
    assert Site(Page.objects.get(), times.now()).look != look


def test_the_logo_stands_in_the_masthead_and_speaks_the_pages_name(page: Page) -> None:
    assert "logo" not in read("/")
    logo = set_logo(page, picture())
    assert f'src="/logo.png?{logo.digest}" width="400" height="100" alt="{page.name}"' in read("/")
    response = Client().get("/logo.png")
    assert response["Content-Type"] == "image/png"
    assert response.content == bytes(logo.png)


def test_another_logo_renews_every_page(page: Page) -> None:
    set_logo(page, picture())
    before = Site(Page.objects.get(), times.now()).look
    set_logo(page, picture("#b3261e"))
    assert Site(Page.objects.get(), times.now()).look != before


def test_links_and_footer_speak_the_readers_language_or_say_which(page: Page) -> None:
    links = [
        {"label": {"ja": "会社概要", "en": "About us"}, "url": "https://example.com/about"},
        {"label": {"ja": "利用規約"}, "url": "https://example.com/terms"},
    ]
    set_look(page, theme={}, links=links, footer={"ja": "東京都千代田区\n電話 03", "en": "Tokyo <b>"})
    japanese, english = read("/"), read("/en/")
    assert '<a href="https://example.com/about">会社概要</a>' in japanese
    assert "東京都千代田区<br>電話 03" in japanese
    assert '<a href="https://example.com/about">About us</a>' in english
    assert '<a href="https://example.com/terms" lang="ja">利用規約</a>' in english
    assert "Tokyo &lt;b&gt;" in english


def test_a_link_without_a_label_in_any_language_of_the_page_still_shows(page: Page) -> None:
    set_look(page, theme={}, links=[{"label": {"ja": "会社概要"}, "url": "https://example.com/about"}])
    change_settings(page, {"languages": ["en"]})
    assert '<a href="https://example.com/about" lang="ja">会社概要</a>' in read("/")
