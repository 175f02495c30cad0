"""When results become a verdict: how many failures, how many passes, when it is flapping, when silent.

Pure: a state and a result in, a new state and a verdict out. The state lives in the monitor's row as JSON.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Generic, Protocol, TypeVar

from incidents.lib.freshness import patience
from incidents.monitors.results import Result, Verdict


@dataclass(frozen=True)
class Policy:
    failures_to_down: int = 3
    passes_to_up: int = 2
    seconds_to_up: int = 60
    flap_changes: int = 4
    flap_window_seconds: int = 30 * 60
    flap_quiet_seconds: int = 30 * 60
    latencies_in_median: int = 5
    slow_enter_ms: float | None = None
    slow_leave_ms: float | None = None


DEFAULT_POLICY = Policy()
# For what is judged before it gets here, such as heartbeats: a late job is late at once.
ONE_RESULT_DECIDES = Policy(failures_to_down=1, passes_to_up=1, seconds_to_up=0)


@dataclass(frozen=True)
class State:
    """`verdict` is what is shown; `settled` the last one that results gave, which silence does not erase."""

    verdict: Verdict = Verdict.UNKNOWN
    settled: Verdict = Verdict.UNKNOWN
    cause: str = ""
    newest_at: datetime | None = None
    onset_at: datetime | None = None
    last_ok: bool | None = None
    run: int = 0
    run_since: datetime | None = None
    changes: tuple[datetime, ...] = ()
    latencies: tuple[tuple[datetime, float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Without what is empty: it is written with every check."""
        values = {
            "verdict": self.verdict.value,
            "settled": self.settled.value,
            "cause": self.cause,
            "newest_at": _text(self.newest_at),
            "onset_at": _text(self.onset_at),
            "last_ok": self.last_ok,
            "run": self.run,
            "run_since": _text(self.run_since),
            "changes": [at.isoformat() for at in self.changes],
            "latencies": [[at.isoformat(), round(ms, 1)] for at, ms in self.latencies],
        }
        return {name: value for name, value in values.items() if value not in (None, "", [])}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "State":
        """The state as stored; an empty object is that of a monitor never heard of."""
        if not stored:
            return cls()
        return cls(
            verdict=Verdict(stored["verdict"]),
            settled=Verdict(stored["settled"]),
            cause=stored.get("cause", ""),
            newest_at=_instant(stored.get("newest_at")),
            onset_at=_instant(stored.get("onset_at")),
            last_ok=stored.get("last_ok"),
            run=stored["run"],
            run_since=_instant(stored.get("run_since")),
            changes=tuple(datetime.fromisoformat(at) for at in stored.get("changes", ())),
            latencies=tuple((datetime.fromisoformat(at), ms) for at, ms in stored.get("latencies", ())),
        )


class Watched(Protocol):
    """Any state that can fall silent: that of this judge, or a baseline's series."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def newest_at(self) -> datetime | None: ...
    @property
    def onset_at(self) -> datetime | None: ...


S = TypeVar("S", bound=Watched)


@dataclass(frozen=True)
class Judgement(Generic[S]):
    """`changed`: another verdict than before. `cause`: failing, flapping, slow, silent or empty."""

    state: S
    verdict: Verdict
    changed: bool
    onset_at: datetime | None = None
    cause: str = ""


def judge(state: State, result: Result, policy: Policy = DEFAULT_POLICY) -> Judgement[State]:
    """The verdict after `result`. One that is not newer than the newest changes nothing."""
    if state.newest_at is not None and result.at <= state.newest_at:
        return Judgement(state, state.verdict, changed=False, onset_at=state.onset_at, cause=state.cause)
    noted = _note(state, result, policy)
    verdict, cause, began_at = _decide(noted, result.at, policy)
    same = (verdict, cause) == (noted.settled, noted.cause)
    onset_at = noted.onset_at if same else began_at
    settled = noted.settled if verdict == Verdict.UNKNOWN else verdict
    after = replace(noted, verdict=verdict, settled=settled, cause=cause, onset_at=onset_at)
    return Judgement(after, verdict, changed=verdict != state.verdict, onset_at=onset_at, cause=cause)


def judge_silence(state: S, now: datetime, interval_seconds: float) -> Judgement[S]:
    """Unknown once the newest result is older than three intervals (and 90 s); never green by default."""
    if state.newest_at is not None and now - state.newest_at <= patience(interval_seconds):
        return Judgement(state, state.verdict, changed=False, onset_at=state.onset_at)
    changed = state.verdict != Verdict.UNKNOWN
    silent = replace(state, verdict=Verdict.UNKNOWN)  # type: ignore[type-var]
    return Judgement(silent, Verdict.UNKNOWN, changed=changed, onset_at=state.newest_at, cause="silent")


def _note(state: State, result: Result, policy: Policy) -> State:
    turned = state.last_ok is not None and result.ok != state.last_ok
    goes_on = result.ok == state.last_ok
    remembered = timedelta(seconds=max(policy.flap_window_seconds, policy.flap_quiet_seconds))
    changes = (*state.changes, result.at) if turned else state.changes
    latencies = state.latencies
    if result.ok and result.latency_ms is not None and policy.slow_enter_ms is not None:
        latencies = (*latencies, (result.at, result.latency_ms))[-policy.latencies_in_median :]
    return replace(
        state,
        newest_at=result.at,
        last_ok=result.ok,
        run=state.run + 1 if goes_on else 1,
        run_since=state.run_since if goes_on else result.at,
        changes=tuple(at for at in changes if result.at - at < remembered),
        latencies=latencies,
    )


def _decide(state: State, at: datetime, policy: Policy) -> tuple[Verdict, str, datetime | None]:
    """The worst that holds, why, and since when."""
    if _is_down(state, at, policy):
        return Verdict.DOWN, "failing", state.run_since
    if _is_flapping(state, at, policy):
        return Verdict.UNSTABLE, "flapping", state.changes[0]
    if not state.last_ok and state.verdict == Verdict.UNKNOWN:
        return Verdict.UNKNOWN, state.cause, state.onset_at
    if slow_since := _slow_since(state, policy):
        return Verdict.UNSTABLE, "slow", slow_since
    return Verdict.UP, "", None


def _is_down(state: State, at: datetime, policy: Policy) -> bool:
    if not state.last_ok:
        return state.settled == Verdict.DOWN or state.run >= policy.failures_to_down
    lasted = at - state.run_since if state.run_since else timedelta(0)
    recovered = state.run >= policy.passes_to_up and lasted >= timedelta(seconds=policy.seconds_to_up)
    return state.settled == Verdict.DOWN and not recovered


def _is_flapping(state: State, at: datetime, policy: Policy) -> bool:
    window = timedelta(seconds=policy.flap_window_seconds)
    if sum(at - change < window for change in state.changes) >= policy.flap_changes:
        return True
    quiet = timedelta(seconds=policy.flap_quiet_seconds)
    return state.cause == "flapping" and bool(state.changes) and at - state.changes[-1] < quiet


def _slow_since(state: State, policy: Policy) -> datetime | None:
    """The first of the slow answers, with hysteresis: entered above one limit, left below a lower one."""
    limit = policy.slow_leave_ms if state.cause == "slow" else policy.slow_enter_ms
    if limit is None or len(state.latencies) < policy.latencies_in_median:
        return None
    if median(ms for _, ms in state.latencies) <= limit:
        return None
    return next(at for at, ms in state.latencies if ms > limit)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
