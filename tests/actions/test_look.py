"""Colour, type, links, footer and logo of a page."""

import io
from typing import Any

import pytest
from PIL import Image

from incidents.actions.look import remove_logo, set_logo, set_look
from incidents.lib.errors import Refused
from incidents.models import AuditEntry, Logo, Page
from tests import make

pytestmark = pytest.mark.django_db
LINK = {"label": {"ja": "お問い合わせ", "en": "Support"}, "url": "https://example.com/support"}


def picture(colour: str = "#1d4f91", size: tuple[int, int] = (1600, 400)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "JPEG")
    return target.getvalue()


def test_a_look_is_kept_as_it_will_be_used() -> None:
    page = make.page()
    looked = set_look(
        page,
        theme={"accent": "#0B5D3B", "accent_dark": "", "font": "serif"},
        links=[LINK],
        footer={"ja": "〒100-0001\r\n東京都", "en": " "},
        actor=make.staff(),
    )
    assert looked.theme == {"accent": "#0b5d3b", "font": "serif"}
    assert looked.links == [LINK]
    assert looked.footer == {"ja": "〒100-0001\n東京都"}
    assert Page.objects.get(pk=page.pk).revision == page.revision + 1
    assert AuditEntry.objects.get(action="set_look").after["theme"]["accent"] == "#0b5d3b"


@pytest.mark.parametrize(
    ("field", "theme"),
    [
        ("accent", {"accent": "red"}),
        ("accent", {"accent": "#12345"}),
        ("accent", {"accent": "#ffcc00"}),
        ("accent", {"accent": "#767676"}),
        ("accent_dark", {"accent_dark": "#1d4f91"}),
        ("accent_dark", {"accent_dark": "#8db9f5}"}),
        ("font", {"font": "Comic Sans"}),
        ("font", {"font": "sans; } body { display: none"}),
        ("background", {"background": "#ffffff"}),
    ],
)
def test_a_look_that_does_not_read_or_is_none_is_refused(field: str, theme: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        set_look(make.page(), theme=theme)
    assert refused.value.field == field


def test_a_colour_without_contrast_is_refused_with_the_contrast_it_has() -> None:
    with pytest.raises(Refused, match=r"#ffcc00 has a contrast of 1\.3:1 there; expected at least 4\.5:1"):
        set_look(make.page(), theme={"accent": "#ffcc00"})


@pytest.mark.parametrize(
    "links",
    [
        [LINK] * 9,
        [{**LINK, "url": "javascript:alert(1)"}],
        [{**LINK, "url": "//example.com/"}],
        [{**LINK, "url": "/support"}],
        [{**LINK, "url": "https://example.com/\n"}],
        [{**LINK, "url": ""}],
        [{**LINK, "label": {"en": "Support"}}],
        [{**LINK, "label": {"ja": " "}}],
        [{**LINK, "label": {"ja": "x" * 61}}],
        [{**LINK, "label": {"ja": "two\nlines"}}],
        [{**LINK, "label": {"ja": "x", "fr": "y"}}],
        [{}],
    ],
)
def test_wrong_links_are_refused(links: list[dict[str, Any]]) -> None:
    with pytest.raises(Refused) as refused:
        set_look(make.page(), theme={}, links=links)
    assert refused.value.field == "links"


@pytest.mark.parametrize("footer", [{"ja": "x" * 501}, {"fr": "x"}, {"ja": "a\0b"}, {"ja": "a\u202eb"}])
def test_a_wrong_footer_is_refused(footer: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        set_look(make.page(), theme={}, footer=footer)
    assert refused.value.field == "footer"


def test_a_logo_is_drawn_anew_and_replaces_the_one_before() -> None:
    page = make.page()
    first = set_logo(page, picture())
    second = set_logo(page, picture("#b3261e"), actor=make.staff())
    assert Logo.objects.get(page=page).digest == second.digest != first.digest
    assert (second.width, second.height) == (800, 200)
    assert Image.open(io.BytesIO(bytes(Logo.objects.get().png))).format == "PNG"
    assert Page.objects.get(pk=page.pk).revision == page.revision + 2


def test_what_is_no_picture_leaves_the_logo_as_it_is() -> None:
    page = make.page()
    logo = set_logo(page, picture())
    with pytest.raises(Refused) as refused:
        set_logo(page, b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert refused.value.field == "logo"
    assert Logo.objects.get().digest == logo.digest


def test_a_logo_can_be_removed() -> None:
    page = make.page()
    set_logo(page, picture())
    remove_logo(page)
    assert not Logo.objects.exists()
    assert AuditEntry.objects.filter(action="remove_logo").exists()
