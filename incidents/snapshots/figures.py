"""The figures of the quarters as drawings, in the manner of what monitors measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from incidents.queries.charts import Point
from incidents.queries.figures import QuarterFigures
from incidents.queries.response import Figure, Summary
from incidents.snapshots.charts import Chart, draw

UNITS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}
MOST_OF_A_UNIT = {"minutes": timedelta(hours=2), "hours": timedelta(days=2)}


@dataclass(frozen=True)
class FigureView:
    """`drawing` is None where nothing was measured; its top is in `unit`, a key of UNITS."""

    figure: Figure
    drawing: Chart | None
    unit: str
    rows: tuple[tuple[QuarterFigures, Summary], ...]


def draw_figures(quarters: Sequence[QuarterFigures]) -> list[FigureView]:
    return [_draw(figure, quarters) for figure in Figure]


def _draw(figure: Figure, quarters: Sequence[QuarterFigures]) -> FigureView:
    rows = tuple((quarter, quarter.figures[figure]) for quarter in quarters)
    longest = max((summary.longest for _, summary in rows if summary.longest is not None), default=None)
    if longest is None:
        return FigureView(figure, None, "minutes", rows)
    unit = unit_for(longest)
    points = {slot: _point(summary, UNITS[unit]) for slot, (_, summary) in enumerate(rows) if summary.count}
    return FigureView(figure, draw(points, slots=len(rows), is_count=False), unit, rows)


def unit_for(longest: timedelta) -> str:
    """The smallest in which the longest is no large number."""
    return next((unit for unit, most in MOST_OF_A_UNIT.items() if longest <= most), "days")


def _point(summary: Summary, unit: timedelta) -> Point:
    assert summary.median is not None
    assert summary.longest is not None
    middle, longest = summary.median / unit, summary.longest / unit
    return Point(least=middle, median=middle, slow=longest, most=longest)
