import json
from datetime import UTC, datetime, timedelta

import pytest

from incidents.monitors.judge import DEFAULT_POLICY, Judgement, Policy, State, judge, judge_silence
from incidents.monitors.results import Result, Verdict

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NEW = State()


def play(
    signs: str,
    *,
    every_seconds: int = 60,
    policy: Policy = DEFAULT_POLICY,
    state: State = NEW,
    since: datetime = NOON,
) -> Judgement[State]:
    """`+` is a pass, `-` a failure, one each `every_seconds`; the state goes through JSON each time."""
    judgement = Judgement(state, state.verdict, changed=False)
    for index, sign in enumerate(signs):
        result = Result(since + timedelta(seconds=index * every_seconds), ok=sign == "+")
        stored = json.loads(json.dumps(judgement.state.to_json()))
        judgement = judge(State.from_json(stored), result, policy)
    return judgement


@pytest.mark.parametrize(
    ("signs", "verdict"),
    [
        ("+", Verdict.UP),
        ("-", Verdict.UNKNOWN),
        ("--", Verdict.UNKNOWN),
        ("---", Verdict.DOWN),
        ("+-", Verdict.UP),
        ("+--", Verdict.UP),
        ("+---", Verdict.DOWN),
        ("+--+", Verdict.UP),
        ("+---+", Verdict.DOWN),
        ("+---++", Verdict.UP),
        ("+---+-", Verdict.DOWN),
        ("+---+-+", Verdict.DOWN),
        ("+---+-++", Verdict.UNSTABLE),
        ("+-+-+", Verdict.UNSTABLE),
        ("+-+-", Verdict.UP),
        ("+-+-+---", Verdict.DOWN),
        ("+-+-+---++", Verdict.UNSTABLE),
        ("+-+-+" + "+" * 29, Verdict.UNSTABLE),
        ("+-+-+" + "+" * 30, Verdict.UP),
    ],
)
def test_a_row_of_results_gives_its_verdict(signs: str, verdict: Verdict) -> None:
    assert play(signs).verdict == verdict


def test_only_the_result_that_turns_the_verdict_says_changed() -> None:
    assert play("+---").changed
    assert not play("+----").changed
    assert not play("+--").changed


def test_down_began_with_the_first_failure_of_the_run() -> None:
    assert play("+-+---").onset_at == NOON + timedelta(minutes=3)
    assert play("+-+-----").onset_at == NOON + timedelta(minutes=3)


def test_up_has_no_onset() -> None:
    assert play("+---++").onset_at is None


def test_two_quick_passes_are_not_up_before_a_minute() -> None:
    assert play("+---++", every_seconds=15).verdict == Verdict.DOWN
    assert play("+---+++++", every_seconds=15).verdict == Verdict.UP


def test_failures_needed_follow_the_policy() -> None:
    assert play("+-", policy=Policy(failures_to_down=1)).verdict == Verdict.DOWN
    assert play("+----", policy=Policy(failures_to_down=5)).verdict == Verdict.UP


def test_flapping_began_with_its_first_change_and_keeps_that_onset() -> None:
    assert play("+-+-+").onset_at == NOON + timedelta(minutes=1)
    assert play("+-+-+-+").onset_at == NOON + timedelta(minutes=1)


def test_four_changes_spread_over_hours_are_no_flapping() -> None:
    assert play("+-+-+", every_seconds=1200).verdict == Verdict.UP


def test_a_result_out_of_order_changes_nothing() -> None:
    before = play("+++").state
    late = judge(before, Result(NOON, ok=False))
    assert (late.state, late.changed) == (before, False)


SLOW = Policy(slow_enter_ms=2000, slow_leave_ms=1500)


def answer(latencies_ms: list[float], state: State = NEW, since: datetime = NOON) -> Judgement[State]:
    judgement = Judgement(state, state.verdict, changed=False)
    for index, latency_ms in enumerate(latencies_ms):
        at = since + timedelta(minutes=index)
        judgement = judge(judgement.state, Result(at, ok=True, latency_ms=latency_ms), SLOW)
    return judgement


@pytest.mark.parametrize(
    ("latencies_ms", "verdict"),
    [
        ([100, 100, 9000, 9000, 100], Verdict.UP),
        ([100, 100, 2100, 2100, 2100], Verdict.UNSTABLE),
        ([2100, 2100], Verdict.UP),
        ([2100] * 5 + [1700] * 5, Verdict.UNSTABLE),
        ([2100] * 5 + [1400] * 2, Verdict.UNSTABLE),
        ([2100] * 5 + [1400] * 3, Verdict.UP),
        ([1700] * 9, Verdict.UP),
    ],
)
def test_slow_is_entered_above_one_limit_and_left_below_another(
    latencies_ms: list[float], verdict: Verdict
) -> None:
    assert answer(latencies_ms).verdict == verdict


def test_slow_says_so_and_began_with_the_first_slow_answer() -> None:
    judgement = answer([100, 100, 2100, 2100, 2100, 2100])
    assert (judgement.cause, judgement.onset_at) == ("slow", NOON + timedelta(minutes=2))


@pytest.mark.parametrize(
    ("interval_seconds", "age_seconds", "verdict"),
    [
        (60, 180, Verdict.UP),
        (60, 181, Verdict.UNKNOWN),
        (10, 90, Verdict.UP),
        (10, 91, Verdict.UNKNOWN),
        (3600, 3 * 3600, Verdict.UP),
    ],
)
def test_silence_is_unknown_after_three_intervals_or_90_seconds(
    interval_seconds: int, age_seconds: int, verdict: Verdict
) -> None:
    state = play("+").state
    judged = judge_silence(state, NOON + timedelta(seconds=age_seconds), interval_seconds)
    assert (judged.verdict, judged.changed) == (verdict, verdict == Verdict.UNKNOWN)


def test_silence_says_since_when_and_changes_once() -> None:
    later = NOON + timedelta(hours=1)
    first = judge_silence(play("+").state, later, 60)
    assert (first.onset_at, first.cause) == (NOON, "silent")
    assert not judge_silence(first.state, later, 60).changed


def test_a_monitor_never_heard_of_is_unknown_without_a_change() -> None:
    judged = judge_silence(State(), NOON, 60)
    assert (judged.verdict, judged.changed) == (Verdict.UNKNOWN, False)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("+", "+", Verdict.UP),
        ("+", "-", Verdict.UNKNOWN),
        ("+", "---", Verdict.DOWN),
        ("+---", "-", Verdict.DOWN),
        ("+---", "+", Verdict.DOWN),
        ("+---", "++", Verdict.UP),
    ],
)
def test_after_silence_the_last_verdict_is_gone_on_from(before: str, after: str, verdict: Verdict) -> None:
    later = NOON + timedelta(hours=2)
    silent = judge_silence(play(before).state, later, 60).state
    assert play(after, state=silent, since=later).verdict == verdict


def test_down_after_silence_keeps_its_first_onset() -> None:
    later = NOON + timedelta(hours=2)
    silent = judge_silence(play("+---").state, later, 60).state
    assert play("-", state=silent, since=later).onset_at == NOON + timedelta(minutes=1)


def test_the_state_survives_json() -> None:
    state = answer([2100] * 6, state=play("+-+-+").state, since=NOON + timedelta(hours=1)).state
    assert State.from_json(json.loads(json.dumps(state.to_json()))) == state
    assert State.from_json({}) == State()
