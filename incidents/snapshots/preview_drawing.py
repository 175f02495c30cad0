"""A picture of a state for links that are passed on: its colour and its shape, without words."""

import io
from collections.abc import Callable
from functools import cache
from itertools import pairwise

from PIL import Image, ImageDraw

from incidents.models import ServiceStatus
from incidents.snapshots.colours import FILLS

WIDTH, HEIGHT = 1200, 630
PAGE = "page"
SMOOTHING = 3
GRID = 24  # the icons of the page are drawn on a grid of 24 by 24
ICON_HEIGHT = 340
COLOURS = {**FILLS, PAGE: ("#1d4f91", "#ffffff")}
Point = tuple[float, float]


class Pen:
    """Draws on the grid of the icons, in the middle of the picture."""

    def __init__(self, state: str) -> None:
        self.paper, self.ink = COLOURS[state]
        self.image = Image.new("RGB", (WIDTH * SMOOTHING, HEIGHT * SMOOTHING), self.paper)
        self._draw = ImageDraw.Draw(self.image)
        self._unit = ICON_HEIGHT * SMOOTHING / GRID
        self._left = (WIDTH * SMOOTHING - ICON_HEIGHT * SMOOTHING) / 2
        self._top = (HEIGHT - ICON_HEIGHT) * SMOOTHING / 2

    def _at(self, point: Point) -> Point:
        return self._left + point[0] * self._unit, self._top + point[1] * self._unit

    def shape(self, *points: Point) -> None:
        self._draw.polygon([self._at(point) for point in points], fill=self.ink)

    def disc(self, centre: Point, radius: float, *, colour: str | None = None) -> None:
        box = (
            self._at((centre[0] - radius, centre[1] - radius)),
            self._at((centre[0] + radius, centre[1] + radius)),
        )
        self._draw.ellipse(box, fill=colour or self.ink)

    def plate(self, corner: Point, opposite: Point, *, radius: float) -> None:
        self._draw.rounded_rectangle(
            (self._at(corner), self._at(opposite)), radius * self._unit, fill=self.ink
        )

    def arc(self, centre: Point, radius: float, start: float, end: float, *, width: float) -> None:
        """Degrees run clockwise from the right."""
        outer = radius + width / 2
        box = (
            self._at((centre[0] - outer, centre[1] - outer)),
            self._at((centre[0] + outer, centre[1] + outer)),
        )
        self._draw.arc(box, start, end, fill=self.ink, width=round(width * self._unit))

    def line(self, *points: Point, width: float = 2.6, colour: str | None = None) -> None:
        """With round ends and corners."""
        colour = colour or self.paper
        for start, end in pairwise(points):
            self._draw.line((self._at(start), self._at(end)), fill=colour, width=round(width * self._unit))
        for point in points:
            self.disc(point, width / 2, colour=colour)


def _operational(pen: Pen) -> None:
    pen.disc((12, 12), 11)
    pen.line((7, 12.4), (10.4, 15.8), (17.2, 9))


def _degraded(pen: Pen) -> None:
    pen.shape((12, 1.8), (23, 22), (1, 22))
    pen.line((12, 8.8), (12, 13.4))
    pen.disc((12, 18), 1.4, colour=pen.paper)


def _partial_outage(pen: Pen) -> None:
    pen.shape((12, 0.7), (23.3, 12), (12, 23.3), (0.7, 12))
    pen.line((12, 6.8), (12, 12.4))
    pen.disc((12, 17), 1.4, colour=pen.paper)


def _major_outage(pen: Pen) -> None:
    near, far = 7.6, 16.4
    pen.shape(
        *((near, 1.2), (far, 1.2), (22.8, near), (22.8, far)),
        *((far, 22.8), (near, 22.8), (1.2, far), (1.2, near)),
    )
    pen.line((8, 8), (16, 16))
    pen.line((16, 8), (8, 16))


def _maintenance(pen: Pen) -> None:
    pen.plate((1.2, 1.2), (22.8, 22.8), radius=5)
    pen.line((7.2, 16.8), (13.5, 10.5), width=2.8)
    pen.disc((14.8, 9.2), 4, colour=pen.paper)
    pen.line((15.6, 8.4), (19.5, 4.5), width=2.6, colour=pen.ink)


def _unknown(pen: Pen) -> None:
    for start in range(0, 360, 45):
        pen.arc((12, 12), 10, start + 6, start + 39, width=2.4)
    pen.arc((12, 9.6), 2.9, 180, 420, width=2.2)
    pen.line((13.3, 12.1), (12, 14.2), width=2.2, colour=pen.ink)
    pen.disc((12, 17.4), 1.3)


def _page(pen: Pen) -> None:
    pen.plate((1, 1), (23, 23), radius=6)
    pen.line((4.5, 13), (7.7, 13), (10, 6.8), (14, 17.2), (16.1, 13), (19.5, 13), width=2.2)


DRAWINGS: dict[str, Callable[[Pen], None]] = {
    ServiceStatus.OPERATIONAL: _operational,
    ServiceStatus.DEGRADED: _degraded,
    ServiceStatus.PARTIAL_OUTAGE: _partial_outage,
    ServiceStatus.MAJOR_OUTAGE: _major_outage,
    ServiceStatus.MAINTENANCE: _maintenance,
    ServiceStatus.UNKNOWN: _unknown,
    PAGE: _page,
}


@cache
def draw(state: str) -> bytes:
    """As PNG."""
    pen = Pen(state)
    DRAWINGS[state](pen)
    smooth = pen.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    smooth.quantize(64).save(written, "PNG", optimize=True)
    return written.getvalue()
