"""The hands of the monitors: due checks made, silence judged."""

from django.conf import settings
from django.db import transaction

from incidents.actions.monitor import (
    Judged,
    apply_judgement,
    claim_due,
    fall_silent,
    park_monitor,
    record_result,
    schedule_next,
)
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard
from incidents.models import Monitor, MonitorKind
from incidents.monitors.checkers.heartbeat import judge_pings
from incidents.monitors.checkers.http import check_many
from incidents.monitors.judge import State, judge, judge_silence
from incidents.monitors.pings import pings_of
from incidents.monitors.probes import heartbeat_settings, policy_of, probe_of
from incidents.monitors.results import Probe, Result
from incidents.monitors.series import Series
from incidents.queries.monitor import lock_monitor, monitors_by_id, silent_monitors
from incidents.queries.service import is_stale

MOST_AT_ONCE = 200


def check_due() -> int:
    """Checks what is due, side by side, and judges each; answers how many."""
    monitors = monitors_by_id(claim_due(limit=MOST_AT_ONCE))
    probes = [(monitor, probe) for monitor in monitors if (probe := _probe(monitor)) is not None]
    results = check_many(
        [probe for _, probe in probes], guard=Guard(str(network) for network in settings.OUTBOUND_ALLOW)
    )
    for (monitor, _), result in zip(probes, results, strict=True):
        take_result(monitor.pk, result)
    for monitor in monitors:
        if monitor.kind == MonitorKind.HEARTBEAT:
            _take_pings(monitor)
    return len(monitors)


@transaction.atomic
def take_result(monitor_id: int, result: Result | None) -> None:
    """Keeps one result, judges it, and sets the next check; without a result only that."""
    monitor = lock_monitor(monitor_id)
    if result is not None:
        record_result(monitor, at=result.at, ok=result.ok, latency_ms=result.latency_ms, detail=result.detail)
        judgement = judge(State.from_json(monitor.state.get("judge", {})), result, policy_of(monitor))
        state = {**monitor.state, "judge": judgement.state.to_json()}
        apply_judgement(monitor, Judged(judgement.verdict, result.at, judgement.onset_at, state))
    schedule_next(monitor, ok=result is None or result.ok)


def judge_silent() -> int:
    """Makes unknown what has stopped reporting; answers how many."""
    return sum(_fall_silent(monitor.pk) for monitor in silent_monitors(now=times.now()))


@transaction.atomic
def _fall_silent(monitor_id: int) -> bool:
    monitor = lock_monitor(monitor_id)
    if not is_stale(monitor, now=times.now()):
        return False
    fall_silent(monitor, state=_silenced(monitor))
    return True


def _silenced(monitor: Monitor) -> dict[str, object]:
    now, interval = times.now(), monitor.interval_seconds
    if monitor.kind == MonitorKind.BASELINE:
        return judge_silence(Series.from_json(monitor.state), now, interval).state.to_json()
    state = State.from_json(monitor.state.get("judge", {}))
    return {**monitor.state, "judge": judge_silence(state, now, interval).state.to_json()}


def _probe(monitor: Monitor) -> Probe | None:
    """The monitor's probe, or None for one that is not asked; a configuration that cannot work is parked."""
    if monitor.kind != MonitorKind.HTTP:
        return None
    try:
        return probe_of(monitor)
    except Refused as refused:
        park_monitor(monitor, reason=f"{refused.field}: {refused}")
        return None


def _take_pings(monitor: Monitor) -> None:
    heartbeat = heartbeat_settings(monitor.settings)
    take_result(monitor.pk, judge_pings(pings_of(monitor), times.now(), heartbeat))
