"""What a monitor measured, as a drawing: a line that breaks where nothing came, and the band of what is usual.

The drawing is stretched to its place, so nothing in it is text: the axes are labelled beside it.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from incidents.queries.charts import Point

WIDTH, HEIGHT = 1000, 200
STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)

Placed = tuple[int, Point]


@dataclass(frozen=True)
class Chart:
    """Paths in units of the drawing; `top` is the value at its upper edge, nothing at the lower.

    `unusual` goes over the line where the judge said so, `holidays` along the lower edge.
    """

    width: int
    height: int
    top: float
    line: str
    slow: str
    band: str
    unusual: str
    holidays: str


def draw(points: Mapping[int, Point], *, slots: int, is_count: bool, holidays: Collection[int] = ()) -> Chart:
    """`points` by their slot: an hour or a day, from 0 to `slots` - 1; so are `holidays`."""
    highest = max((_reach(point, is_count=is_count) for point in points.values()), default=1.0)
    top = nice_top(highest)
    stretches = list(_stretches(points))
    step = WIDTH / slots

    def path(stretch: Sequence[Placed], value: Callable[[Point], float]) -> str:
        return _line(((slot + 0.5) * step, HEIGHT * (1 - value(point) / top)) for slot, point in stretch)

    return Chart(
        width=WIDTH,
        height=HEIGHT,
        top=top,
        line="".join(path(stretch, lambda point: point.median) for stretch in stretches),
        slow="" if is_count else "".join(path(stretch, lambda point: point.slow) for stretch in stretches),
        band="".join(_band(stretch, path) for stretch in _stretches(_with_band(points))),
        unusual="".join(path(one, lambda point: point.median) for one in unusual_stretches(points))
        if is_count
        else "",
        holidays="".join(f"M{slot * step:.0f} {HEIGHT}h{step:.1f}" for slot in sorted(holidays)),
    )


def unusual_stretches(points: Mapping[int, Point]) -> Iterator[list[Placed]]:
    """In which the judge said that it was not as usual."""
    return _stretches({slot: point for slot, point in points.items() if point.failing})


def nice_top(highest: float) -> float:
    """A number of one or two digits and zeros that is not below."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step * power for step in STEPS if step * power >= highest * (1 - 1e-9))


def _reach(point: Point, *, is_count: bool) -> float:
    return max(point.median, point.usual_high or 0) if is_count else point.slow


def _with_band(points: Mapping[int, Point]) -> dict[int, Point]:
    return {slot: point for slot, point in points.items() if point.usual_high is not None}


def _stretches(points: Mapping[int, Point]) -> Iterator[list[Placed]]:
    """Points in slots that follow each other."""
    stretch: list[Placed] = []
    for slot, point in sorted(points.items()):
        if stretch and slot != stretch[-1][0] + 1:
            yield stretch
            stretch = []
        stretch.append((slot, point))
    if stretch:
        yield stretch


def _line(places: Iterable[tuple[float, float]]) -> str:
    """A single point is a line of no length, which a round cap makes a dot."""
    whole = [f"{x:.0f} {y:.0f}" for x, y in places]
    return f"M{whole[0]}{'L' if whole[1:] else 'h0'}{' '.join(whole[1:])}"


def _band(
    stretch: Sequence[Placed], path: Callable[[Sequence[Placed], Callable[[Point], float]], str]
) -> str:
    """Along the upper edge and back along the lower one."""
    upper = path(stretch, lambda point: point.usual_high or 0)
    lower = path(stretch[::-1], lambda point: point.usual_low or 0)
    return f"{upper}L{lower[1:].removesuffix('h0')}Z"
