"""The hands of the monitors: due checks made, silence judged."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction

from incidents.actions.detection import Judged
from incidents.actions.monitor import (
    apply_judgement,
    claim_due,
    fall_silent,
    park_monitor,
    record_result,
    save_state,
    schedule_next,
)
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Monitor, MonitorKind
from incidents.monitors.checkers import heartbeat
from incidents.monitors.checkers.heartbeat import due_at, judge_pings
from incidents.monitors.checking import check_all
from incidents.monitors.judge import State, judge, judge_silence
from incidents.monitors.pings import pings_of
from incidents.monitors.probes import check_settings, outbound_guard, policy_of, probe_of
from incidents.monitors.registry import ASKED
from incidents.monitors.results import Result
from incidents.monitors.series import Series
from incidents.queries.monitor import lock_monitor, monitors_by_id, silent_monitors
from incidents.queries.service import is_stale

MOST_AT_ONCE = 200

log = logging.getLogger(__name__)


def check_due() -> int:
    """Checks what is due, side by side, and judges each; answers how many."""
    monitors = monitors_by_id(claim_due(limit=MOST_AT_ONCE))
    sound = [monitor for monitor in monitors if _is_sound(monitor)]
    asked = [monitor for monitor in sound if monitor.kind in ASKED]
    results = check_all([probe_of(monitor) for monitor in asked], guard=outbound_guard())
    for monitor, result in zip(asked, results, strict=True):
        _settle(monitor, partial(take_result, monitor.pk, result))
    for monitor in sound:
        if monitor.kind == MonitorKind.HEARTBEAT:
            _settle(monitor, partial(_judge_heartbeat, monitor.pk))
    return len(monitors)


@transaction.atomic
def take_result(monitor_id: int, result: Result | None) -> None:
    """Keeps one result, judges it, and sets the next check; without a result only that.

    What comes for a monitor that was paused meanwhile is let go: it would colour the service for ever.
    """
    monitor = lock_monitor(monitor_id)
    if result is not None and result.memory is not None and monitor.enabled:
        save_state(monitor, {**monitor.state, "memory": dict(result.memory)})
    if result is not None and result.is_final and monitor.enabled:
        record_result(monitor, at=result.at, ok=result.ok, latency_ms=result.latency_ms, detail=result.detail)
        judgement = judge(State.from_json(monitor.state.get("judge", {})), result, policy_of(monitor))
        state = {**monitor.state, "judge": judgement.state.to_json()}
        apply_judgement(monitor, Judged(judgement.verdict, result.at, judgement.onset_at, state))
    schedule_next(monitor, ok=result is None or result.ok, due_at=_due_at(monitor))


@transaction.atomic
def _judge_heartbeat(monitor_id: int) -> None:
    """By the pings there are now: some may have come since the monitor was claimed."""
    monitor = lock_monitor(monitor_id)
    take_result(
        monitor_id, judge_pings(pings_of(monitor), times.now(), heartbeat.read_settings(monitor.settings))
    )


def _settle(monitor: Monitor, take: Callable[[], None]) -> None:
    """A result that cannot be taken stays with its monitor, which is asked again when the lease ends: no
    other one waits for it."""
    try:
        take()
    except Monitor.DoesNotExist:
        log.info("monitor %s was deleted while it was asked", monitor.pk)
    except (LookupError, ValueError):
        log.exception("the result of monitor %s cannot be taken", monitor.pk)


def _due_at(monitor: Monitor) -> datetime | None:
    if monitor.kind != MonitorKind.HEARTBEAT:
        return None
    return due_at(pings_of(monitor), heartbeat.read_settings(monitor.settings))


def judge_silent() -> int:
    """Makes unknown what has stopped reporting; answers how many."""
    return sum(_fall_silent(monitor.pk) for monitor in silent_monitors(now=times.now()))


@transaction.atomic
def _fall_silent(monitor_id: int) -> bool:
    monitor = lock_monitor(monitor_id)
    if not monitor.enabled or not is_stale(monitor, now=times.now()):
        return False
    fall_silent(monitor, state=_silenced(monitor))
    return True


def _silenced(monitor: Monitor) -> dict[str, object]:
    now, interval = times.now(), monitor.interval_seconds
    if monitor.kind == MonitorKind.BASELINE:
        return judge_silence(Series.from_json(monitor.state), now, interval).state.to_json()
    state = State.from_json(monitor.state.get("judge", {}))
    return {**monitor.state, "judge": judge_silence(state, now, interval).state.to_json()}


def _is_sound(monitor: Monitor) -> bool:
    """Parks a monitor whose configuration cannot work."""
    try:
        check_settings(monitor.kind, target=monitor.target, stored=monitor.settings)
    except Refused as refused:
        park_monitor(monitor, reason=f"{refused.field}: {refused}")
        return False
    return True
