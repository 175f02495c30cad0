"""A badge as SVG: a label and a word on a colour, no script, no style, no font of its own."""

import unicodedata
from xml.etree import ElementTree as ET

from incidents.lib.xml import clean, document, element
from incidents.models import ServiceStatus
from incidents.snapshots.colours import FILLS, WHITE

HEIGHT = 20
BASELINE = 14
PADDING = 7
LABEL_FILL = "#3a4047"
FONTS = "Verdana,DejaVu Sans,Hiragino Sans,Yu Gothic UI,Meiryo,Noto Sans CJK JP,sans-serif"
FONT_SIZE = 11
NARROW = frozenset("fijlrtI.,:;|!'()[] ")


def draw(label: str, words: str, status: ServiceStatus) -> bytes:
    """As wide as its texts, which are squeezed where a reader's font is wider than expected."""
    fill, ink = FILLS[status]
    left, right = (text_width(text) + 2 * PADDING for text in (label, words))
    svg = element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        width=f"{left + right}",
        height=f"{HEIGHT}",
        viewBox=f"0 0 {left + right} {HEIGHT}",
        role="img",
    )
    svg.append(element("title", f"{label}: {words}"))
    svg.append(_box(0, left, LABEL_FILL))
    svg.append(_box(left, right, fill))
    texts = element("g", **{"font-family": FONTS, "font-size": f"{FONT_SIZE}"})
    texts.append(_text(label, at=PADDING, ink=WHITE))
    texts.append(_text(words, at=left + PADDING, ink=ink))
    svg.append(texts)
    return document(svg)


def text_width(text: str) -> int:
    """About how wide it is, in pixels: a Japanese character is a square."""
    return round(sum(_width(character) for character in clean(text)))


def _width(character: str) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn"):
        return 0
    if unicodedata.east_asian_width(character) in "WFA":
        return FONT_SIZE
    if character in NARROW:
        return 4.5
    return 8.5 if character.isupper() or character in "mwMW%" else 7


def _box(at: int, width: int, fill: str) -> ET.Element:
    return element("rect", x=f"{at}", width=f"{width}", height=f"{HEIGHT}", fill=fill)


def _text(text: str, *, at: int, ink: str) -> ET.Element:
    length = (
        {"textLength": f"{text_width(text)}", "lengthAdjust": "spacingAndGlyphs"} if text_width(text) else {}
    )
    return element("text", text, x=f"{at}", y=f"{BASELINE}", fill=ink, **length)
