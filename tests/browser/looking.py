"""What every picture of a page is held to, and how it is kept."""

import io
import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page as Tab

from tests.browser.conftest import HEIGHTS

ROOT = Path(__file__).resolve().parents[2]
# KEEP_SCREENSHOTS=1 renews those that the documentation shows.
KEPT = os.environ.get("KEEP_SCREENSHOTS") == "1"
PICTURES = ROOT / ("docs/screenshots" if KEPT else "tests/output/screenshots")
COLOURS = 256

LEVELS = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OFF_BY_DEFAULT = ("color-contrast-enhanced", "identical-links-same-purpose", "target-size")
EVERYTHING = {
    "runOnly": {"type": "tag", "values": LEVELS},
    "rules": {rule: {"enabled": True} for rule in OFF_BY_DEFAULT},
}


def hindrances(tab: Tab) -> list[str]:
    """What axe finds at any level, AAA and best practices included."""
    found = Axe().run(tab, options=EVERYTHING).response["violations"]
    return [f"{v['impact']} {v['id']}: {node['html'][:200]}" for v in found for node in v["nodes"]]


def scrolls_sideways(tab: Tab) -> bool:
    return bool(tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def look_at(tab: Tab, name: str, *, keep: bool = True) -> None:
    """At both widths, light and dark: nothing hinders, nothing scrolls sideways; pictures are kept."""
    for scheme, axe_width in (("light", 375), ("dark", 1280)):
        tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width, height in HEIGHTS.items():
            tab.set_viewport_size({"width": width, "height": height})
            assert not scrolls_sideways(tab)
            if width == axe_width:
                assert not hindrances(tab), f"{name} {width} {scheme}"
            if keep:
                keep_picture(tab.screenshot(full_page=True), f"{name}-{width}-{scheme}.png")


def keep_picture(png: bytes, name: str) -> None:
    """In fewer colours: a third of the size, and no difference to the eye."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(PICTURES / name, optimize=True)
