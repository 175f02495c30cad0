"""When a monitor is checked next, as tables."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from incidents.monitors.beat import next_beat, next_check

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
INTERVAL = 60


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def check(
    *, late: float = 0, takes: float = 0.1, is_doubtful: bool = False, interval: float = INTERVAL
) -> float:
    """Seconds from the beat to the next check, of one that began so late and took so long."""
    beat = next_beat(7, interval, after=NOON)
    began_at = beat + seconds(late)
    at = next_check(7, interval, began_at=began_at, now=began_at + seconds(takes), is_doubtful=is_doubtful)
    return round((at - beat).total_seconds(), 1)


@pytest.mark.parametrize(
    ("late", "next_after"),
    [(0, 60), (0.4, 60), (29, 60), (31, 120), (59, 120), (95, 180), (3600, 3660)],
)
def test_a_late_check_goes_back_to_its_beat_without_two_at_once(late: float, next_after: float) -> None:
    assert check(late=late) == next_after


def test_one_that_takes_longer_than_the_interval_leaves_beats_out() -> None:
    assert check(takes=70) == 120


@pytest.mark.parametrize(("interval", "wait"), [(3600, 15), (60, 15), (10, 10)])
def test_a_failure_that_decides_nothing_is_looked_at_again_soon_but_not_at_once(
    interval: float, wait: float
) -> None:
    assert check(is_doubtful=True, takes=5, interval=interval) == 5 + wait


def test_a_thousand_watches_are_spread_evenly_over_the_interval() -> None:
    beats = [next_beat(watch_id, 30, after=NOON) for watch_id in range(1, 1001)]
    a_second = Counter(int((beat - NOON).total_seconds()) for beat in beats)
    assert set(a_second) == set(range(30))
    assert max(a_second.values()) - min(a_second.values()) <= 4


def test_a_beat_is_the_same_whenever_it_is_asked_for() -> None:
    first = next_beat(3, 60, after=NOON)
    assert next_beat(3, 60, after=first - seconds(0.001)) == first
    assert next_beat(3, 60, after=first) == first + seconds(60)
