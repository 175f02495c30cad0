from datetime import UTC, datetime, timedelta

import pytest

from incidents.monitors.checkers.heartbeat import Pings, Settings, due_at, judge_pings
from incidents.monitors.judge import ONE_RESULT_DECIDES, State, judge
from incidents.monitors.results import Verdict

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOURLY = Settings(period_seconds=3600, grace_seconds=300)


def ago(minutes: float) -> datetime:
    return NOON - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("pings", "ok", "detail"),
    [
        (Pings(last_at=ago(0)), True, ""),
        (Pings(last_at=ago(65)), True, ""),
        (Pings(last_at=ago(65.1)), False, "expected a ping by"),
        (Pings(last_at=ago(1), exit_status=1), False, "ended with status 1"),
        (Pings(last_at=ago(1), exit_status=137), False, "ended with status 137"),
        (Pings(started_at=ago(4)), True, ""),
        (Pings(started_at=ago(6)), False, "has not ended in 300 s"),
        (Pings(last_at=ago(30), started_at=ago(4)), True, ""),
        (Pings(last_at=ago(30), started_at=ago(6)), False, "has not ended in 300 s"),
        (Pings(last_at=ago(30), exit_status=2, started_at=ago(1)), False, "ended with status 2"),
        (Pings(last_at=ago(66), started_at=ago(1)), False, "expected a ping by"),
    ],
)
def test_a_job_is_judged_by_its_pings(pings: Pings, ok: bool, detail: str) -> None:
    result = judge_pings(pings, NOON, HOURLY)
    assert result is not None
    assert (result.ok, result.at, detail in result.detail) == (ok, NOON, True)


def test_a_job_never_heard_of_is_not_judged() -> None:
    assert judge_pings(Pings(), NOON, HOURLY) is None
    assert due_at(Pings(), HOURLY) is None


def test_a_late_job_is_down_at_once_and_up_with_its_next_ping() -> None:
    state = State()
    for pings, now, verdict in (
        (Pings(last_at=ago(0)), NOON, Verdict.UP),
        (Pings(last_at=ago(0)), NOON + timedelta(minutes=66), Verdict.DOWN),
        (Pings(last_at=NOON + timedelta(minutes=67)), NOON + timedelta(minutes=67), Verdict.UP),
    ):
        result = judge_pings(pings, now, HOURLY)
        assert result is not None
        judgement = judge(state, result, ONE_RESULT_DECIDES)
        state = judgement.state
        assert judgement.verdict == verdict
