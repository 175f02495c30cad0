"""The figures as a file for a spreadsheet."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from incidents.lib.cells import write_rows
from incidents.queries.figures import QuarterFigures, ServiceFigures
from incidents.queries.response import Figure, Kept, Promise, Summary

ALL = "(all)"
_UNITS = {figure: "days" if figure == Figure.REPORT else "minutes" for figure in Figure}
COLUMNS = (
    *("service", "quarter", "incidents"),
    *(
        f"{figure}_{column}"
        for figure in Figure
        for column in ("count", f"median_{_UNITS[figure]}", f"longest_{_UNITS[figure]}")
    ),
    *(f"{promise}_promises_{state}" for promise in Promise for state in ("kept", "broken", "open")),
    "told_before_enquiry",
)


def write_figures(figures: Iterable[ServiceFigures]) -> Iterator[str]:
    """A line for each service and quarter; all services together are called `(all)`."""
    return write_rows(COLUMNS, _rows(figures))


def _rows(figures: Iterable[ServiceFigures]) -> Iterator[list[str]]:
    for of_service in figures:
        name = of_service.service.name if of_service.service else ALL
        yield from ([name, *_cells(quarter)] for quarter in of_service.quarters)


def _cells(quarter: QuarterFigures) -> Iterator[str]:
    yield str(quarter.quarter)
    yield str(quarter.incidents)
    for figure in Figure:
        yield from _summary(quarter.figures[figure], figure)
    for promise in Promise:
        yield from _kept(quarter.promises[promise])
    yield str(quarter.told_before_enquiry)


def _summary(summary: Summary, figure: Figure) -> list[str]:
    unit = timedelta(days=1) if _UNITS[figure] == "days" else timedelta(minutes=1)
    values = [
        f"{value / unit:.1f}" if value is not None else "" for value in (summary.median, summary.longest)
    ]
    return [str(summary.count), *values]


def _kept(kept: Kept) -> list[str]:
    return [str(kept.kept), str(kept.broken), str(kept.open)]
