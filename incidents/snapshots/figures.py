"""The figures of the quarters as drawings: a bar a quarter, for the median over the longest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from incidents.queries.figures import QuarterFigures
from incidents.queries.response import Figure, Summary
from incidents.snapshots.charts import HEIGHT, WIDTH, nice_top

UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}
MOST_OF_A_UNIT = {"minutes": timedelta(hours=2), "hours": timedelta(days=2)}
BAR_SHARE = 0.6
"""Of the place of a quarter."""


@dataclass(frozen=True)
class Bars:
    """Paths in units of the drawing; `top` is the value at its upper edge, nothing at the lower."""

    width: int
    height: int
    top: float
    medians: str
    longest: str


@dataclass(frozen=True)
class FigureView:
    """`drawing` is None where nothing was measured; its top is in `unit`, a key of UNITS. `rows` are the quarters in
    which something was, the newest first."""

    figure: Figure
    drawing: Bars | None
    unit: str
    rows: tuple[tuple[QuarterFigures, Summary], ...]


def draw_figures(quarters: Sequence[QuarterFigures]) -> list[FigureView]:
    return [_view(figure, quarters) for figure in Figure]


def unit_for(longest: timedelta) -> str:
    """The smallest in which the longest is no large number."""
    return next((unit for unit, most in MOST_OF_A_UNIT.items() if longest <= most), "days")


def _view(figure: Figure, quarters: Sequence[QuarterFigures]) -> FigureView:
    summaries = [quarter.figures[figure] for quarter in quarters]
    rows = tuple((quarter, quarter.figures[figure]) for quarter in reversed(quarters))
    longest = max((one.longest for one in summaries if one.longest is not None), default=None)
    unit = "minutes" if longest is None else unit_for(longest)
    return FigureView(
        figure=figure,
        drawing=None if longest is None else _draw(summaries, longest=longest, unit=UNITS[unit]),
        unit=unit,
        rows=tuple(row for row in rows if row[1].count),
    )


def _draw(summaries: Sequence[Summary], *, longest: timedelta, unit: timedelta) -> Bars:
    top = nice_top(longest / unit)

    def bars(values: Iterable[timedelta | None]) -> str:
        heights = ((slot, value / unit / top) for slot, value in enumerate(values) if value is not None)
        return "".join(_bar(slot, share, slots=len(summaries)) for slot, share in heights)

    return Bars(
        width=WIDTH,
        height=HEIGHT,
        top=top,
        medians=bars(one.median for one in summaries),
        longest=bars(one.longest for one in summaries),
    )


def _bar(slot: int, share: float, *, slots: int) -> str:
    """What took no time at all is a line along the lower edge."""
    step = WIDTH / slots
    left, width = (slot + (1 - BAR_SHARE) / 2) * step, BAR_SHARE * step
    height = max(share * HEIGHT, 2)
    return f"M{left:.0f} {HEIGHT}v-{height:.0f}h{width:.0f}v{height:.0f}Z"
