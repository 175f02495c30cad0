"""What a message means for what is known: a table."""

from datetime import UTC, datetime

import pytest

from incidents.alerts.heard import Heard
from incidents.alerts.stage import Known, Step, step


def at(minute: int | None) -> datetime | None:
    return None if minute is None else datetime(2026, 11, 24, 12, minute, tzinfo=UTC)


def known(started: int, ended: int | None = None) -> Known:
    begun = at(started)
    assert begun is not None
    return Known(begun, at(ended))


@pytest.mark.parametrize(
    ("before", "firing", "minute", "expected"),
    [
        (None, True, 5, Step.OPEN),
        (None, True, None, Step.OPEN),
        (None, False, 5, Step.IGNORE),
        (known(5), True, 5, Step.GO_ON),
        (known(5), True, 3, Step.GO_ON),
        (known(5), True, 9, Step.GO_ON),
        (known(5), True, None, Step.GO_ON),
        (known(5), False, 5, Step.END),
        (known(5), False, 9, Step.END),
        (known(5), False, None, Step.END),
        (known(5), False, 4, Step.IGNORE),
        (known(5, 9), True, 5, Step.IGNORE),
        (known(5, 9), True, 7, Step.IGNORE),
        (known(5, 9), True, 9, Step.OPEN),
        (known(5, 9), True, 10, Step.OPEN),
        (known(5, 9), True, None, Step.OPEN),
        (known(5, 5), True, 5, Step.IGNORE),
        (known(5, 9), False, 9, Step.IGNORE),
        (known(5, 9), False, 12, Step.IGNORE),
    ],
)
def test_replays_and_what_comes_late_change_nothing(
    before: Known | None, firing: bool, minute: int | None, expected: Step
) -> None:
    assert step(Heard("key", firing, at=at(minute)), before) is expected
