"""Trend, scale and clustering of a series, measured from its learnt past. Robust: a wild week barely moves them."""

import math
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean, median

from incidents.monitors.usual import WORKING_DAYS, Slots, Usual, moved

MEDIAN_OF_SQUARED_NORMAL = 0.455
LEAST_SCALE = 0.03
MOST_TREND_A_WEEK = 0.05
WEEKS_TO_SEE_A_TREND = 4
# A slope is told the worse by few weeks: four are half believed, eight to nine tenths.
TREND_DOUBTED = 50
PRESUMED_SCALE, PRESUMED_BY = 0.1, 100
LEAST_SLOTS_ALIKE = 12
CLUSTER = 24
CLUSTERS_TO_JUDGE = 40
CLUSTERING_BY_CHANCE = 1.3
MOST_CLUSTERING = 10.0


def refresh(usual: Usual, *, day: int, per_day: int) -> Usual:
    """All measured anew; meant once a day, as it walks the whole past."""
    trend = _measure_trend(usual.slots, least_values=per_day * 7 // 2)
    residuals = sorted(_residuals(usual.slots, trend_a_week=trend, per_day=per_day))
    scale = _measure_scale(residuals)
    levels, sameness = _measure_sameness(replace(usual, trend_a_week=trend), scale, day=day, per_day=per_day)
    return replace(
        usual,
        trend_a_week=trend,
        scale=scale,
        levels=levels,
        sameness=sameness,
        clustering=_measure_clustering(residuals, scale=scale),
        refreshed_on=day,
    )


def _measure_trend(slots: Slots, *, least_values: int) -> float:
    """From each week to the one half the past later: the median of how its slots grew; of those the median."""
    weeks: dict[int, dict[int, float]] = {}
    for slot, entries in slots.items():
        for day, logged in entries:
            weeks.setdefault(day // 7, {})[slot] = logged
    half = len(weeks) // 2
    if len(weeks) < WEEKS_TO_SEE_A_TREND:
        return 0.0
    slopes = []
    for week, before in weeks.items():
        after = weeks.get(week + half, {})
        grown = [after[slot] - before[slot] for slot in before.keys() & after.keys()]
        if len(grown) >= least_values:
            slopes.append(median(grown) / half)
    if not slopes:
        return 0.0
    believed = median(slopes) * len(weeks) ** 3 / (len(weeks) ** 3 + TREND_DOUBTED)
    return max(-MOST_TREND_A_WEEK, min(MOST_TREND_A_WEEK, believed))


# When, as a number of steps; how far from what the other weeks expected; the counting noise in it.
Residual = tuple[int, float, float]


def _residuals(slots: Slots, *, trend_a_week: float, per_day: int) -> Iterator[Residual]:
    """Each value against the median of the others of its slot, as wide as if that were known exactly."""
    for slot, entries in slots.items():
        if len(entries) < 2:
            continue
        moved = sorted(logged - trend_a_week * day / 7 for day, logged in entries)
        noise = math.exp(-moved[len(moved) // 2] - trend_a_week * entries[-1][0] / 7)
        narrowed = math.sqrt(_inflation_of_median(len(moved) - 1))
        for day, logged in entries:
            value = logged - trend_a_week * day / 7
            yield day * per_day + slot % per_day, (value - _median_without(moved, value)) / narrowed, noise


def _measure_scale(residuals: list[Residual]) -> float:
    """By the median of squares: that is the MAD in another dress."""
    squares = [off**2 / MEDIAN_OF_SQUARED_NORMAL - noise for _, off, noise in residuals] or [0.0]
    told = len(squares) * max(LEAST_SCALE**2, median(squares)) + PRESUMED_BY * PRESUMED_SCALE**2
    return math.sqrt(told / (len(squares) + PRESUMED_BY))


def _measure_sameness(
    usual: Usual, scale: float, *, day: int, per_day: int
) -> tuple[tuple[float, ...], float]:
    """The levels of working days, and which part of what is left between them is but noise of their medians."""
    told: list[list[float]] = []
    noise: list[float] = []
    for slot in range(per_day):
        alike = [moved(usual, weekday * per_day + slot, day=day) for weekday in range(WORKING_DAYS)]
        if min(map(len, alike)) >= 2:
            centres = [median(values) for values in alike]
            middle = fmean(centres)
            told.append([centre - middle for centre in centres])
            noise += [(scale**2 + math.exp(-middle)) * (_inflation_of_median(len(v)) - 1) for v in alike]
    if len(told) < LEAST_SLOTS_ALIKE:
        return (0.0,) * WORKING_DAYS, 0.0
    levels = tuple(median(column) for column in zip(*told, strict=True))
    squares = [(off - level) ** 2 for row in told for off, level in zip(row, levels, strict=True)]
    left = median(squares) / MEDIAN_OF_SQUARED_NORMAL * WORKING_DAYS / (WORKING_DAYS - 1)
    return levels, min(1.0, median(noise) / left) if left > 0 else 1.0


def _measure_clustering(residuals: list[Residual], *, scale: float) -> float:
    """How much wider the sums of a dozen neighbours stray than independent values would make them."""
    clusters: dict[int, list[float]] = {}
    for step, off, noise in residuals:
        clusters.setdefault(step // CLUSTER, []).append(off / math.sqrt(scale**2 + noise))
    squares = [sum(offs) ** 2 / len(offs) for offs in clusters.values() if len(offs) > CLUSTER // 2]
    if len(squares) < CLUSTERS_TO_JUDGE:
        return 1.0
    measured = median(squares) / MEDIAN_OF_SQUARED_NORMAL
    return min(MOST_CLUSTERING, max(1.0, measured / CLUSTERING_BY_CHANCE))


def _inflation_of_median(values: int) -> float:
    return 1 + (1 / values if values <= 2 else 1.35 / values)


def _median_without(ordered: list[float], value: float) -> float:
    """Of the others of an ordered list; by place, without a copy."""
    place, half = ordered.index(value), (len(ordered) - 1) // 2
    middle = ordered[half + (half >= place)]
    if len(ordered) % 2 == 0:
        return middle
    return (ordered[half - 1 + (half - 1 >= place)] + middle) / 2
