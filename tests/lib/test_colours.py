import re
from pathlib import Path

import pytest

from incidents.lib import colours
from incidents.lib.errors import Refused
from incidents.models import ServiceStatus

TOKENS = Path(__file__).parents[2] / "incidents/static/incidents/css/tokens.css"


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#1d4f91", "#ffffff", 8.14),
        ("#fff000", "#fff000", 1),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert colours.contrast(one, other) == colours.contrast(other, one) == pytest.approx(ratio, abs=0.05)


@pytest.mark.parametrize(
    "text", ["", "red", "#fff", "1d4f91", "#1d4f9g", "#1d4f91;}", "#1d4f91\n}", "url(#1d4f91)"]
)
def test_what_is_no_colour_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(Refused) as refused:
        colours.clean_colour(text, field="accent")
    assert refused.value.field == "accent"


def test_a_colour_is_kept_in_lower_case() -> None:
    assert colours.clean_colour(" #1D4F91 ") == "#1d4f91"


@pytest.mark.parametrize(
    "fill", ["#000000", "#ffffff", "#767676", "#ff0000", "#ffcc00", "#0000ff", "#808080"]
)
def test_text_reads_on_every_fill(fill: str) -> None:
    assert colours.contrast(fill, colours.text_on(fill)) >= colours.READABLE


@pytest.mark.parametrize("colour", ["#000000", "#1d4f91", "#7a0000", "#0000ff", "#14713f"])
def test_a_dark_colour_is_lightened_until_it_reads_on_dark_grounds(colour: str) -> None:
    lightened = colours.lightened_until_readable(colour, colours.DARK_GROUNDS)
    assert colours.reads_on(lightened, colours.DARK_GROUNDS, least=colours.ENHANCED)


def test_a_colour_that_reads_already_stays_as_it_is() -> None:
    assert colours.lightened_until_readable("#8db9f5", colours.DARK_GROUNDS) == "#8db9f5"


SCHEMES = [(0, colours.LIGHT_GROUNDS), (1, colours.DARK_GROUNDS)]
TEXTS = ("ink", "ink-quiet", "accent", "accent-hover", "error", *ServiceStatus.values)


def of_stylesheet(name: str, scheme: int) -> str:
    """In the dark scheme what is not set there again is as in the light one."""
    found = re.findall(rf"--{name}: (#\w+)", TOKENS.read_text())
    return str(found[min(scheme, len(found) - 1)])


@pytest.mark.parametrize(("scheme", "grounds"), SCHEMES)
def test_the_grounds_are_those_of_the_stylesheet(scheme: int, grounds: tuple[str, ...]) -> None:
    assert tuple(of_stylesheet(name, scheme) for name in ("paper", "surface", "sunken")) == grounds


@pytest.mark.parametrize(("scheme", "grounds"), SCHEMES)
def test_every_text_of_the_page_reads_on_every_ground_by_the_strictest_level(
    scheme: int, grounds: tuple[str, ...]
) -> None:
    ratios = {
        (name, ground): colours.contrast(of_stylesheet(name, scheme), ground)
        for name in TEXTS
        for ground in grounds
    }
    assert not {pair: ratio for pair, ratio in ratios.items() if ratio < colours.ENHANCED}


@pytest.mark.parametrize("scheme", [0, 1])
def test_every_banner_reads_by_the_strictest_level(scheme: int) -> None:
    for status in ServiceStatus.values:
        words = of_stylesheet("on-degraded" if status == "degraded" else "on-fill", scheme)
        assert colours.contrast(of_stylesheet(f"fill-{status}", scheme), words) >= colours.ENHANCED, status
