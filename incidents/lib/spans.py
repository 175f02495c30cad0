"""Stretches of time as pairs of whole seconds since 1970: what they cover together, and for how long."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

Span = tuple[int, int]
Ranked = tuple[int, int, int]


def second_of(at: datetime) -> int:
    """The second that `at` lies in: both ends of a stretch are cut alike, so that no second counts twice."""
    return int(at.timestamp() // 1)


def merge(spans: Iterable[Span]) -> list[Span]:
    """The same time as disjoint spans in order; those that touch become one, empty ones none."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def clip(spans: Iterable[Span], window: Span) -> list[Span]:
    """What of disjoint spans lies in the window."""
    cut = ((max(start, window[0]), min(end, window[1])) for start, end in spans)
    return [span for span in cut if span[0] < span[1]]


def length(spans: Iterable[Span]) -> int:
    """The seconds in disjoint spans."""
    return sum(end - start for start, end in spans)


def shared(coverings: Iterable[Iterable[Span]], *, by: int) -> list[Span]:
    """The time that lies in at least `by` of several coverings, each of disjoint spans."""
    edges = sorted(
        (at, step) for spans in coverings for span in spans for at, step in zip(span, (1, -1), strict=True)
    )
    found, depth, since = [], 0, 0
    for at, step in edges:
        if step == 1 and depth == by - 1:
            since = at
        if step == -1 and depth == by:
            found.append((since, at))
        depth += step
    return merge(found)


def highest(ranked: Iterable[Ranked]) -> list[Ranked]:
    """Overlapping (start, end, rank) as disjoint ones: every second once, with the highest rank it has."""
    edges: list[tuple[int, bool, int]] = []
    for start, end, rank in ranked:
        if start < end:
            edges += [(start, True, rank), (end, False, rank)]
    found: list[Ranked] = []
    running: list[int] = []
    before = 0
    for at, starts, rank in sorted(edges):
        if running and at > before:
            _append(found, before, at, max(running))
        before = at
        if starts:
            running.append(rank)
        else:
            running.remove(rank)
    return found


def _append(found: list[Ranked], start: int, end: int, rank: int) -> None:
    if found and found[-1][1:] == (start, rank):
        start = found.pop()[0]
    found.append((start, end, rank))


def split(ranked: Iterable[Ranked], bounds: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(index, rank, seconds) of disjoint spans, cut at `bounds`: index i lies between bounds[i] and [i + 1]."""
    for start, end, rank in ranked:
        at, end = max(start, bounds[0]), min(end, bounds[-1])
        index = bisect_right(bounds, at) - 1
        while at < end:
            until = min(end, bounds[index + 1])
            if at < until:
                yield index, rank, until - at
            at, index = until, index + 1
