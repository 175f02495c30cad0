"""How a page looks: colour and type, logo, links and footer."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents.actions import audit
from incidents.actions.revision import touch_page, touched
from incidents.lib import colours
from incidents.lib.errors import Refused
from incidents.lib.images import redraw
from incidents.lib.outbound import check_url
from incidents.models import Logo, Page, Staff

FONTS = ("sans", "rounded", "serif")
MOST_LINKS = 8
LONGEST_LABEL = 60
LONGEST_FOOTER = 500
LOGO_WIDTH, LOGO_HEIGHT = 800, 200


@transaction.atomic
def set_look(
    page: Page,
    *,
    theme: Mapping[str, str],
    links: Sequence[Mapping[str, Any]] = (),
    footer: Mapping[str, str] | None = None,
    actor: Staff | None = None,
) -> Page:
    """`theme` may hold `accent` (on light ground), `accent_dark` (on dark) and `font`; what is left out stays
    the product's own. Each link is {"label": {language: text}, "url"}, the footer {language: text}."""
    page = touched(page)
    before = {"theme": page.theme, "links": page.links, "footer": page.footer}
    page.theme = _checked_theme(theme)
    page.links = _checked_links(links, page=page)
    page.footer = _checked_footer(footer or {}, page=page)
    page.save(update_fields=["theme", "links", "footer"])
    after = {"theme": page.theme, "links": page.links, "footer": page.footer}
    audit.record("set_look", page, actor=actor, before=before, after=after)
    return page


@transaction.atomic
def set_logo(page: Page, data: bytes, *, actor: Staff | None = None) -> Logo:
    """Keeps the picture drawn anew as PNG, without anything else that its file held."""
    picture = redraw(data, width=LOGO_WIDTH, height=LOGO_HEIGHT, field="logo")
    digest = hashlib.sha256(picture.png).hexdigest()[:16]
    logo, _ = Logo.objects.update_or_create(
        page=page,
        defaults={
            "png": picture.png,
            "width": picture.width,
            "height": picture.height,
            "digest": digest,
            "updated_at": timezone.now(),
        },
    )
    audit.record("set_logo", page, actor=actor, after={"digest": digest})
    touch_page(page.pk)
    return logo


@transaction.atomic
def remove_logo(page: Page, *, actor: Staff | None = None) -> None:
    Logo.objects.filter(page=page).delete()
    audit.record("remove_logo", page, actor=actor)
    touch_page(page.pk)


def _checked_theme(theme: Mapping[str, str]) -> dict[str, str]:
    given = {name: value for name, value in theme.items() if value}
    unknown = set(given) - {"accent", "accent_dark", "font"}
    if unknown:
        raise Refused(f"a look has no {', '.join(sorted(unknown))}", field=min(unknown))
    if given.get("font", FONTS[0]) not in FONTS:
        raise Refused(f"expected one of {', '.join(FONTS)}", field="font")
    for name, grounds in (("accent", colours.LIGHT_GROUNDS), ("accent_dark", colours.DARK_GROUNDS)):
        if name in given:
            given[name] = _readable(given[name], grounds, field=name)
    return given


def _readable(text: str, grounds: tuple[str, ...], *, field: str) -> str:
    colour = colours.clean_colour(text, field=field)
    if not colours.reads_on(colour, grounds):
        reached = min(colours.contrast(colour, ground) for ground in grounds)
        raise Refused(
            f"{colour} has a contrast of {reached:.1f}:1 there; expected at least {colours.READABLE}:1",
            field=field,
        )
    return colour


def _checked_links(links: Sequence[Mapping[str, Any]], *, page: Page) -> list[dict[str, Any]]:
    if len(links) > MOST_LINKS:
        raise Refused(f"expected at most {MOST_LINKS} links", field="links")
    return [_checked_link(link, page=page) for link in links]


def _checked_link(link: Mapping[str, Any], *, page: Page) -> dict[str, Any]:
    label = _texts(link.get("label", {}), page=page, longest=LONGEST_LABEL, field="links")
    if page.first_language not in label or any(not text.isprintable() for text in label.values()):
        raise Refused(
            f"expected a name of 1 to {LONGEST_LABEL} characters for each link, in the first language",
            field="links",
        )
    return {"label": label, "url": check_url(str(link.get("url", "")), field="links")}


def _checked_footer(footer: Mapping[str, str], *, page: Page) -> dict[str, str]:
    texts = _texts(footer, page=page, longest=LONGEST_FOOTER, field="footer")
    if any(not text.replace("\n", "").isprintable() for text in texts.values()):
        raise Refused("expected a text without control characters", field="footer")
    return texts


def _texts(given: Mapping[str, str], *, page: Page, longest: int, field: str) -> dict[str, str]:
    """By language, those that are not empty."""
    texts = {code: str(text).replace("\r\n", "\n").strip() for code, text in given.items()}
    if not set(texts) <= set(page.languages):
        raise Refused("expected texts in the languages of the page", field=field)
    if any(len(text) > longest for text in texts.values()):
        raise Refused(f"expected at most {longest} characters", field=field)
    return {code: text for code, text in texts.items() if text}
