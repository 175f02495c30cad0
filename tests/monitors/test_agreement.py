"""What several locations say together, as tables. A letter is a location: up, down, ~ unstable, ? silent."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.monitors.agreement import Agreed, View, agree
from incidents.monitors.results import Verdict

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
VERDICTS = {"u": Verdict.UP, "d": Verdict.DOWN, "~": Verdict.UNSTABLE, "?": Verdict.UNKNOWN}


def agreed(letters: str, *, to_down: int | None = None) -> Verdict:
    return agree([View(VERDICTS[letter]) for letter in letters], to_down=to_down).verdict


@pytest.mark.parametrize(
    ("letters", "verdict"),
    [
        ("u", Verdict.UP),
        ("d", Verdict.DOWN),
        ("~", Verdict.UNSTABLE),
        ("?", Verdict.UNKNOWN),
        ("uu", Verdict.UP),
        ("du", Verdict.UNSTABLE),
        ("dd", Verdict.DOWN),
        ("d?", Verdict.UNSTABLE),
        ("u?", Verdict.UNKNOWN),
        ("uuu", Verdict.UP),
        ("duu", Verdict.UNSTABLE),
        ("ddu", Verdict.DOWN),
        ("dd?", Verdict.DOWN),
        ("d??", Verdict.UNSTABLE),
        ("uu?", Verdict.UP),
        ("u??", Verdict.UNKNOWN),
        ("???", Verdict.UNKNOWN),
        ("~uu", Verdict.UNSTABLE),
        ("d~u", Verdict.UNSTABLE),
        ("ddd", Verdict.DOWN),
        ("dduu", Verdict.UNSTABLE),
        ("dddu", Verdict.DOWN),
        ("uu??", Verdict.UNKNOWN),
        ("", Verdict.UNKNOWN),
    ],
)
def test_most_locations_decide_and_a_silent_one_counts_for_nothing(letters: str, verdict: Verdict) -> None:
    assert agreed(letters) == verdict


@pytest.mark.parametrize(
    ("letters", "to_down", "verdict"),
    [
        ("duu", 1, Verdict.DOWN),
        ("uuu", 1, Verdict.UP),
        ("ddu", 3, Verdict.UNSTABLE),
        ("ddd", 3, Verdict.DOWN),
        ("uu?", 3, Verdict.UP),
        ("d", 3, Verdict.DOWN),
    ],
)
def test_how_many_must_agree_can_be_set(letters: str, to_down: int, verdict: Verdict) -> None:
    assert agreed(letters, to_down=to_down) == verdict


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_it_is_down_since_the_last_of_those_that_were_needed_saw_it() -> None:
    views = [View(Verdict.DOWN, at(9)), View(Verdict.DOWN, at(0)), View(Verdict.DOWN, at(4))]
    assert agree(views) == Agreed(Verdict.DOWN, at(4))


def test_it_is_unstable_since_the_first_saw_it() -> None:
    views = [View(Verdict.UP), View(Verdict.UNSTABLE, at(5)), View(Verdict.DOWN, at(7)), View(Verdict.UP)]
    assert agree(views) == Agreed(Verdict.UNSTABLE, at(5))
