"""A page's own colours and type as a stylesheet; its logo, links and footer as its pages show them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from incidents.lib import colours
from incidents.models import Logo, Page

THEME_PATH, LOGO_PATH = "/theme.css", "/logo.png"
# Latin letters first: a Japanese font would set them too, and less well. Nothing is fetched.
STACKS = {
    "rounded": '"SF Pro Rounded", ui-rounded, "Hiragino Maru Gothic ProN", "Arial Rounded MT Bold", '
    '"Rounded M+ 1c", "Yu Gothic UI", "Meiryo", "Noto Sans CJK JP", system-ui, sans-serif',
    "serif": 'Georgia, "Times New Roman", "Hiragino Mincho ProN", "Yu Mincho", "BIZ UDMincho", '
    '"Noto Serif CJK JP", "Noto Serif JP", serif',
}
HOVER_SHARE = 0.25


@dataclass(frozen=True)
class Link:
    """`language` is that of the label where it is not the reader's."""

    label: str
    url: str
    language: str


@dataclass(frozen=True)
class Look:
    """The addresses carry a digest in their query, so that a cache that kept another file asks again."""

    theme_address: str
    logo_address: str
    logo: Logo | None
    links: tuple[Link, ...]
    footer: str


def look_of(page: Page, *, language: str) -> Look:
    css = stylesheet(page.theme)
    logo = logo_of(page)
    return Look(
        theme_address=f"{THEME_PATH}?{hashlib.sha256(css.encode()).hexdigest()[:16]}" if css else "",
        logo_address=f"{LOGO_PATH}?{logo.digest}" if logo else "",
        logo=logo,
        links=tuple(_link(link["label"], link["url"], page=page, language=language) for link in page.links),
        footer=page.footer.get(language) or page.footer.get(page.first_language, ""),
    )


def logo_of(page: Page) -> Logo | None:
    return getattr(page, "logo", None)


def stylesheet(theme: Mapping[str, str]) -> str:
    """The custom properties that differ from the product's own; empty where none do."""
    light, dark = _light(theme), _dark(theme)
    parts = []
    if light:
        parts.append(f":root {{ {_declared(light)} }}")
    if stack := STACKS.get(theme.get("font", "")):
        # The product's own rule for Japanese is as specific as this.
        parts.append(f":root, :root:lang(ja) {{ --font: {stack}; }}")
    if dark:
        parts.append(f"@media (prefers-color-scheme: dark) {{\n  :root {{ {_declared(dark)} }}\n}}")
    return "".join(f"{part}\n" for part in parts)


def _link(labels: Mapping[str, str], url: str, *, page: Page, language: str) -> Link:
    """A page whose languages have changed since may have no label in its first."""
    spoken = next((code for code in (language, page.first_language, *labels) if code in labels), "")
    return Link(labels.get(spoken, url), url, "" if spoken == language else spoken)


def _light(theme: Mapping[str, str]) -> dict[str, str]:
    accent = theme.get("accent")
    return _accents(accent, hover=colours.mix(accent, colours.BLACK, HOVER_SHARE)) if accent else {}


def _dark(theme: Mapping[str, str]) -> dict[str, str]:
    """What was chosen for dark ground, else the colour chosen for light, made to be read there."""
    accent = theme.get("accent_dark")
    if not accent and "accent" in theme:
        accent = colours.lightened_until_readable(theme["accent"], colours.DARK_GROUNDS)
    return _accents(accent, hover=colours.mix(accent, colours.WHITE, HOVER_SHARE)) if accent else {}


def _accents(accent: str, *, hover: str) -> dict[str, str]:
    return {
        "accent": accent,
        "accent-hover": hover,
        "on-accent": colours.text_on(accent),
        "focus": accent,
    }


def _declared(properties: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in properties.items())
