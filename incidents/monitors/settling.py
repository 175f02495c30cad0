"""What a check's result leads to: kept and judged in one transaction.

Hundreds whose verdict stays what it is are settled together, in a few statements. One that changes a verdict is
settled by itself, with all that follows from it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents.actions.checks import Claim, Held, Settled, hold, keep_settled
from incidents.actions.detection import Judged
from incidents.actions.monitor import apply_judgement, record_result, save_state, schedule_watch
from incidents.lib import times
from incidents.lib.freshness import patience
from incidents.models import MAIN_LOCATION, Monitor, MonitorKind, Watch
from incidents.monitors import drifting, upstreams
from incidents.monitors.agreement import View, agree
from incidents.monitors.beat import next_beat, next_check
from incidents.monitors.checkers.heartbeat import due_at, judge_pings, read_settings
from incidents.monitors.judge import Judgement, State, judge
from incidents.monitors.pings import pings_from
from incidents.monitors.probes import policy_of
from incidents.monitors.results import Result, Verdict
from incidents.queries.monitor import lock_monitor, watches_of

# Kinds whose results are not simply passed or failed.
KEEPERS: Mapping[str, Callable[[Monitor, Result], None]] = {
    MonitorKind.SPF: drifting.keep_answer,
    MonitorKind.UPSTREAM: upstreams.keep_reading,
}

# Whether what cannot be reached since an instant is rather our own network.
Suspects = Callable[[datetime], bool]


@dataclass(frozen=True)
class Done:
    """A check that was made. A heartbeat has no result before it is settled: by the pings there are then."""

    claim: Claim
    result: Result | None


@transaction.atomic
def settle_together(owner: str, done: Iterable[Done]) -> list[Done]:
    """Settles what changes no verdict; answers the others. What `owner` holds no more is let go."""
    checks = {one.claim.watch_id: one for one in done}
    held = hold(owner, [one.claim for one in checks.values()])
    settled, others = [], []
    for watch_id, watch in held.items():
        one = _with_pings(checks[watch_id], watch)
        judgement = _judge(watch.state, one) if _is_plain(one) else None
        if judgement is None or watch.is_new or judgement.verdict != watch.verdict:
            others.append(one)
        else:
            settled.append(_settled(one, watch, judgement))
    keep_settled(settled)
    return others


def _is_plain(done: Done) -> bool:
    """Whether there is something to judge, in the way of most kinds, and nothing to remember."""
    result = done.result
    plainly = result is not None and result.is_final and result.memory is None
    return plainly and done.claim.kind not in KEEPERS


def _with_pings(done: Done, watch: Held) -> Done:
    if done.claim.kind != MonitorKind.HEARTBEAT:
        return done
    settings = read_settings(done.claim.settings)
    return replace(done, result=judge_pings(pings_from(watch.pushed), times.now(), settings))


def _judge(state: dict[str, Any], done: Done) -> Judgement[State]:
    assert done.result is not None
    policy = policy_of(done.claim.kind, done.claim.settings)
    return judge(State.from_json(state.get("judge", {})), done.result, policy)


def _settled(done: Done, watch: Held, judgement: Judgement[State]) -> Settled:
    claim, result = done.claim, done.result
    assert result is not None
    return Settled(
        watch_id=claim.watch_id,
        monitor_id=claim.monitor_id,
        location=claim.location,
        at=result.at,
        ok=result.ok,
        latency_ms=result.latency_ms,
        detail=result.detail,
        is_reached=result.is_reached,
        state={**watch.state, "judge": judgement.state.to_json()},
        believed_until=result.at + patience(claim.interval_seconds),
        next_check_at=_next_check(claim, judgement.verdict, ok=result.ok, pushed=watch.pushed),
    )


def _next_check(claim: Claim, verdict: Verdict, *, ok: bool, pushed: dict[str, Any]) -> datetime:
    now = timezone.now()
    if claim.kind == MonitorKind.HEARTBEAT:
        return _next_look(claim, pushed)
    return next_check(
        claim.watch_id,
        claim.interval_seconds,
        began_at=claim.claimed_at,
        now=now,
        is_doubtful=not ok and verdict != Verdict.DOWN,
    )


def _next_look(claim: Claim, pushed: dict[str, Any]) -> datetime:
    """At a job: on the beat, or as soon as it is late. A ping between two beats does not push them away."""
    now = timezone.now()
    beat = next_beat(claim.watch_id, claim.interval_seconds, after=now)
    late_at = due_at(pings_from(pushed), read_settings(claim.settings))
    return late_at if late_at is not None and now < late_at < beat else beat


@transaction.atomic
def take_result(
    monitor_id: int,
    result: Result | None,
    *,
    location: str = MAIN_LOCATION,
    owner: str | None = None,
    is_suspect: Suspects = lambda _: False,
) -> None:
    """Keeps one result, judges it, and sets the next check; without a result only that.

    Let go is what comes for a monitor that was paused meanwhile (it would colour the service for ever), or from an
    `owner` who holds the watch no more.
    """
    monitor = lock_monitor(monitor_id)
    watches = watches_of(monitor)
    watch = next((one for one in watches if one.location == location), None)
    if watch is None or not monitor.enabled or owner not in (None, watch.lease_owner):
        return
    claim = _claim_of(monitor, watch)
    if monitor.kind == MonitorKind.HEARTBEAT and owner is not None:
        result = judge_pings(pings_from(monitor.state), times.now(), read_settings(monitor.settings))
    keep = KEEPERS.get(monitor.kind)
    if result is not None and keep is not None:
        keep(monitor, result)
    elif result is not None:
        if result.memory is not None:
            save_state(monitor, {**monitor.state, "memory": dict(result.memory)})
        if result.is_final:
            _take(monitor, watch, Done(claim, result), watches=watches, is_suspect=is_suspect)
    verdict, ok = Verdict(watch.verdict), result is None or result.ok or keep is not None
    schedule_watch(watch, at=_next_check(claim, verdict, ok=ok, pushed=monitor.state))


def _claim_of(monitor: Monitor, watch: Watch) -> Claim:
    now = timezone.now()
    return Claim(
        watch_id=watch.pk,
        monitor_id=monitor.pk,
        location=watch.location,
        kind=monitor.kind,
        target=monitor.target,
        settings=monitor.settings,
        interval_seconds=monitor.interval_seconds,
        public_id=monitor.public_id,
        state=monitor.state,
        due_at=watch.next_check_at or now,
        claimed_at=now,
    )


def _take(
    monitor: Monitor, watch: Watch, done: Done, *, watches: Sequence[Watch], is_suspect: Suspects
) -> None:
    result = done.result
    assert result is not None
    record_result(
        monitor,
        at=result.at,
        ok=result.ok,
        latency_ms=result.latency_ms,
        detail=result.detail,
        location=watch.location,
    )
    before = State.from_json(watch.state.get("judge", {}))
    judgement = judge(before, result, policy_of(monitor.kind, monitor.settings))
    state = judgement.state
    if _may_be_us(before, judgement, result) and is_suspect(state.run_since or result.at):
        state = unsettled(state, before)
    watch.state = {**watch.state, "judge": state.to_json()}
    watch.verdict, watch.is_reached = state.verdict, result.is_reached
    watch.last_result_at = max(filter(None, [watch.last_result_at, result.at]))
    watch.believed_until = watch.last_result_at + patience(monitor.interval_seconds)
    apply_agreed(monitor, watches, at=result.at)


def _may_be_us(before: State, judgement: Judgement[State], result: Result) -> bool:
    turns = judgement.verdict == Verdict.DOWN and before.settled != Verdict.DOWN
    return turns and not result.is_reached


def unsettled(state: State, before: State) -> State:
    """What could not be reached and is not held against the target: unknown. The failures stay counted."""
    return replace(
        state,
        verdict=Verdict.UNKNOWN,
        settled=before.settled,
        cause=before.cause,
        onset_at=before.onset_at,
    )


def apply_agreed(monitor: Monitor, watches: Iterable[Watch], *, at: datetime) -> None:
    """Lets what all locations say together have its consequences; the caller holds the rows."""
    agreed = agree([view_of(watch) for watch in watches], to_down=monitor.locations_to_down)
    apply_judgement(monitor, Judged(agreed.verdict, at, agreed.onset_at, monitor.state))


def view_of(watch: Watch) -> View:
    return View(Verdict(watch.verdict), State.from_json(watch.state.get("judge", {})).onset_at)


def is_frozen(claim: Claim, jumped_at: datetime | None, *, now: datetime) -> bool:
    """Whether nothing may be decided of this yet, since the clock jumped less than two intervals ago."""
    return jumped_at is not None and abs(now - jumped_at) < timedelta(seconds=2 * claim.interval_seconds)
