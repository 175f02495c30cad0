import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.lib.spans import Ranked, Span, clip, highest, length, merge, shared, split

SECONDS = st.integers(0, 60)
RANKED = st.lists(st.tuples(SECONDS, SECONDS, st.integers(1, 4)), max_size=12)


@pytest.mark.parametrize(
    ("spans", "merged"),
    [
        ([], []),
        ([(5, 5), (9, 3)], []),
        ([(0, 10), (10, 20)], [(0, 20)]),
        ([(30, 40), (0, 10), (5, 12)], [(0, 12), (30, 40)]),
        ([(0, 50), (10, 20)], [(0, 50)]),
    ],
)
def test_spans_that_overlap_or_touch_are_one(spans: list[Span], merged: list[Span]) -> None:
    assert merge(spans) == merged


def test_what_lies_outside_of_a_window_is_cut_off() -> None:
    assert clip([(0, 10), (20, 30), (40, 50)], (5, 25)) == [(5, 10), (20, 25)]


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [
        ([], []),
        ([(0, 10, 2)], [(0, 10, 2)]),
        ([(0, 10, 2), (5, 15, 2)], [(0, 15, 2)]),
        ([(0, 10, 2), (10, 20, 2)], [(0, 20, 2)]),
        ([(0, 30, 1), (10, 20, 4)], [(0, 10, 1), (10, 20, 4), (20, 30, 1)]),
        ([(10, 20, 4), (0, 30, 1), (15, 40, 3)], [(0, 10, 1), (10, 20, 4), (20, 40, 3)]),
        ([(0, 10, 3), (20, 30, 3)], [(0, 10, 3), (20, 30, 3)]),
        ([(7, 7, 4)], []),
    ],
)
def test_every_second_counts_once_with_its_highest_rank(ranked: list[Ranked], expected: list[Ranked]) -> None:
    assert highest(ranked) == expected


@given(RANKED)
def test_the_highest_rank_is_that_of_each_second_on_its_own(ranked: list[Ranked]) -> None:
    found = highest(ranked)
    for second in range(61):
        ranks = [rank for start, end, rank in ranked if start <= second < end]
        assert [rank for start, end, rank in found if start <= second < end] == (
            [max(ranks)] if ranks else []
        )


@given(RANKED, st.lists(SECONDS, min_size=2, max_size=8, unique=True))
def test_what_is_split_among_days_is_what_lies_in_them(ranked: list[Ranked], cuts: list[int]) -> None:
    bounds = sorted(cuts)
    found = list(split(highest(ranked), bounds))
    for index in range(len(bounds) - 1):
        inside = clip(merge((start, end) for start, end, _ in ranked), (bounds[index], bounds[index + 1]))
        assert sum(seconds for at, _, seconds in found if at == index) == length(inside)


@pytest.mark.parametrize(
    ("coverings", "by", "found"),
    [
        ([[(0, 10)]], 1, [(0, 10)]),
        ([[(0, 10), (20, 30)], [(5, 25)]], 1, [(0, 30)]),
        ([[(0, 10), (20, 30)], [(5, 25)]], 2, [(5, 10), (20, 25)]),
        ([[(0, 10)], [(5, 15)], [(9, 20)]], 2, [(5, 15)]),
        ([[(0, 10)], [(10, 20)]], 2, []),
        ([[(0, 10)]], 2, []),
        ([], 1, []),
    ],
)
def test_the_time_that_enough_of_several_cover(
    coverings: list[list[Span]], by: int, found: list[Span]
) -> None:
    assert shared(coverings, by=by) == found
