"""Colours as they are read: contrast by WCAG 2.2, and what follows from one chosen colour."""

import re

from incidents.lib.errors import Refused

READABLE = 4.5
ENHANCED = 7.0
# What text stands on: --paper, --surface and --sunken of tokens.css.
LIGHT_GROUNDS = ("#f7f6f3", "#ffffff", "#f1efea")
DARK_GROUNDS = ("#111416", "#191d20", "#22272b")
WHITE, BLACK = "#ffffff", "#000000"
_HEX = re.compile(r"#[0-9a-f]{6}")
_STEPS = 20


def clean_colour(text: str, *, field: str = "") -> str:
    """`#1d4f91` in lower case; anything else is refused."""
    colour = text.strip().lower()
    if not _HEX.fullmatch(colour):
        raise Refused("expected a colour such as #1d4f91", field=field)
    return colour


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def reads_on(colour: str, grounds: tuple[str, ...], *, least: float = READABLE) -> bool:
    return all(contrast(colour, ground) >= least for ground in grounds)


def text_on(fill: str) -> str:
    """White or black, whichever reads better on the fill; one of them always does."""
    return max(WHITE, BLACK, key=lambda text: contrast(fill, text))


def mix(colour: str, other: str, share: float) -> str:
    """`share` 0 is the colour itself, 1 the other one."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def lightened_until_readable(colour: str, grounds: tuple[str, ...]) -> str:
    """The colour itself where it reads well on dark grounds, else the nearest mixture with white that does.

    Nobody chose the mixture, so it can reach the enhanced contrast.
    """
    mixtures = (mix(colour, WHITE, step / _STEPS) for step in range(_STEPS + 1))
    return next((mixed for mixed in mixtures if reads_on(mixed, grounds, least=ENHANCED)), WHITE)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
