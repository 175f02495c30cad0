"""What an hour comes to: tables of seconds from one whole hour on."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.lib.spans import Span, highest, merge
from incidents.monitors.hours import Figures, covered_by, roll_day, roll_hours, service_seconds
from incidents.queries.rollup import Came

BEGIN = 1_599_184_800  # 4 September 2020, 11:00 in Japan
HOUR = (BEGIN, BEGIN + 3600)


def came(*seconds: int, ok: bool = True, measure: float | None = None) -> list[Came]:
    return [Came(BEGIN + second, ok, measure) for second in seconds]


def roll(results: Sequence[Came], *, failing: Sequence[Span] = (), believed: int = 90) -> Figures:
    shifted = merge((BEGIN + start, BEGIN + end) for start, end in failing)
    covered = covered_by(results, counted=0, believed=believed)
    rolled = roll_hours(results, [HOUR], covered=covered, failing=shifted, usual=lambda _: None)
    return next((figures for _, figures in rolled), Figures())


@pytest.mark.parametrize(
    ("results", "failing", "up", "fails"),
    [
        ([], [], 0, 0),
        (came(*range(0, 3600, 60)), [], 3600, 0),
        (came(0), [], 90, 0),
        (came(-30), [], 60, 0),  # what came in the hour before is still believed
        (came(-90), [], 0, 0),
        (came(3590), [], 10, 0),
        (came(0, 60, 600, 660), [], 300, 0),
        (came(*range(0, 3600, 60)), [(600, 1200)], 3000, 600),
        (came(0, 60), [(100, 700)], 100, 600),  # a failure lasts through silence, as on the page
        ([], [(-500, 5000)], 0, 3600),
    ],
)
def test_results_vouch_for_their_time_and_failures_are_taken_out(
    results: list[Came], failing: list[Span], up: int, fails: int
) -> None:
    figures = roll(results, failing=failing)
    assert (figures.up, figures.failing) == (up, fails)


def test_what_planned_work_explains_is_neither_up_nor_failing() -> None:
    every_minute = came(*range(0, 3600, 60))
    rolled = roll_hours(
        every_minute,
        [HOUR],
        covered=covered_by(every_minute, counted=0, believed=90),
        failing=[(BEGIN + 3000, BEGIN + 3300)],
        apart=[(BEGIN, BEGIN + 600)],
        usual=_none,
    )
    figures = next(rolled)[1]
    assert (figures.up, figures.failing) == (2700, 300)


def test_results_are_counted_in_the_hour_in_which_they_came() -> None:
    figures = roll(sorted([*came(-60, 0, 60, 3600), *came(120, 180, ok=False)]))
    assert (figures.checks, figures.failed) == (4, 2)


def test_what_was_measured_is_told_by_its_middle_and_its_ends() -> None:
    results = [Came(BEGIN + second, True, float(100 + second)) for second in range(100)]
    figures = roll(results)
    assert (figures.least, figures.median, figures.slow, figures.most) == (100, 149.5, 194, 199)
    assert figures.measured == 100


def test_a_failed_check_measures_nothing() -> None:
    figures = roll([*came(0, ok=False, measure=None), *came(60, measure=80.0)])
    assert (figures.measured, figures.least, figures.most) == (1, 80, 80)


def test_an_hour_in_which_nothing_was_seen_is_none() -> None:
    rolled = roll_hours(came(0), [HOUR, (HOUR[1], HOUR[1] + 3600)], covered=[HOUR], failing=[], usual=_none)
    assert [at for at, _ in rolled] == [BEGIN]


def _none(_: int) -> None:
    return None


def test_a_value_vouches_for_the_time_it_counts() -> None:
    assert covered_by(came(3600), counted=3600, believed=600) == [(BEGIN, BEGIN + 4200)]


def test_the_usual_band_stands_beside_what_was_measured() -> None:
    rolled = roll_hours(
        came(60, measure=900.0), [HOUR], covered=[HOUR], failing=[], usual=lambda at: (at - BEGIN, 1000.0)
    )
    figures = next(rolled)[1]
    assert (figures.usual_low, figures.usual_high) == (0, 1000)


def test_a_day_is_taken_from_its_hours() -> None:
    hours = [
        Figures(up=3600, checks=60, measured=60, least=5, median=10, slow=30, most=40),
        Figures(
            up=3000, failing=600, checks=60, failed=10, measured=50, least=4, median=20, slow=90, most=95
        ),
        Figures(up=600, checks=10),
    ]
    assert roll_day(hours) == Figures(
        up=7200, failing=600, checks=130, failed=10, measured=110, least=4, median=15, slow=90, most=95
    )


@pytest.mark.parametrize(
    ("failing", "seen", "up", "by_rank"),
    [
        ([], {}, 0, {}),
        ([], {0: 3600}, 3600, {}),
        ([(0, 1200, 4)], {0: 3600}, 2400, {4: 1200}),
        ([(0, 1200, 4), (600, 1800, 2)], {0: 3600}, 1800, {4: 1200, 2: 600}),
        ([(3000, 4200, 3)], {0: 3600, 1: 3600}, 6000, {3: 1200}),
        ([(0, 600, 1)], {0: 3000}, 3000, {1: 600}),  # during maintenance
        ([(0, 600, 1)], {0: 3600}, 3000, {1: 600}),  # which another monitor did not feel
        ([(0, 3600, 4)], {0: 1800}, 0, {4: 3600}),  # unseen, yet failing until someone sees that it ended
    ],
)
def test_the_monitors_of_a_service_count_once_with_the_worst(
    failing: list[tuple[int, int, int]], seen: dict[int, int], up: int, by_rank: dict[int, int]
) -> None:
    day = (BEGIN, BEGIN + 2 * 3600)
    ranked = highest((BEGIN + start, BEGIN + end, rank) for start, end, rank in failing)
    by_hour = {BEGIN + 3600 * hour: seconds for hour, seconds in seen.items()}
    assert service_seconds(day, failing=ranked, seen=by_hour) == (up, by_rank)


SECONDS = st.integers(-3600, 26 * 3600)


@given(
    st.lists(st.tuples(SECONDS, SECONDS, st.integers(2, 4)), max_size=10),
    st.dictionaries(st.integers(0, 24), st.integers(0, 3600)),
    st.sampled_from([23, 24, 25, 24.5]),
)
def test_a_day_never_holds_more_seconds_than_it_has(
    failing: list[tuple[int, int, int]], seen: dict[int, int], hours: float
) -> None:
    length = int(hours * 3600)
    ranked = highest((BEGIN + start, BEGIN + end, rank) for start, end, rank in failing)
    by_hour = {BEGIN + 3600 * hour: seconds for hour, seconds in seen.items()}
    up, by_rank = service_seconds((BEGIN, BEGIN + length), failing=ranked, seen=by_hour)
    assert up >= 0
    assert up + sum(by_rank.values()) <= length
