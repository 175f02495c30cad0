"""What has stopped reporting is unknown, never green."""

from django.db import transaction

from incidents.actions.monitor import fall_silent
from incidents.lib import times
from incidents.models import Monitor, MonitorKind
from incidents.monitors.agreement import agree
from incidents.monitors.judge import State, judge_silence
from incidents.monitors.results import Verdict
from incidents.monitors.series import Series
from incidents.monitors.settling import apply_agreed, view_of
from incidents.queries.monitor import lock_monitor, silent_monitors, silent_watches, watches_of
from incidents.queries.service import is_stale


def judge_silent() -> int:
    """Makes unknown what has stopped reporting, each location for itself; answers how many."""
    now = times.now()
    watches = sum(_silence_watch(*silent) for silent in silent_watches(now=now))
    return watches + sum(_silence_monitor(monitor_id) for monitor_id in silent_monitors(now=now))


@transaction.atomic
def _silence_watch(monitor_id: int, location: str) -> bool:
    """What the others still say counts: the monitor is unknown only where it is no longer enough."""
    now, monitor = times.now(), lock_monitor(monitor_id)
    watches = watches_of(monitor)
    watch = next((one for one in watches if one.location == location), None)
    if not monitor.enabled or watch is None or watch.believed_until is None or watch.believed_until >= now:
        return False
    state = State.from_json(watch.state.get("judge", {}))
    silent = judge_silence(state, now, monitor.interval_seconds).state
    watch.state, watch.verdict = {**watch.state, "judge": silent.to_json()}, Verdict.UNKNOWN
    watch.save(update_fields=["state", "verdict"])
    agreed = agree([view_of(one) for one in watches], to_down=monitor.locations_to_down)
    if agreed.verdict == Verdict.UNKNOWN:
        fall_silent(monitor, state=monitor.state)
    else:
        apply_agreed(monitor, watches, at=monitor.last_result_at or now)
    return True


@transaction.atomic
def _silence_monitor(monitor_id: int) -> bool:
    now, monitor = times.now(), lock_monitor(monitor_id)
    if not monitor.enabled or not is_stale(monitor, now=now):
        return False
    fall_silent(monitor, state=_silenced(monitor))
    return True


def _silenced(monitor: Monitor) -> dict[str, object]:
    if monitor.kind != MonitorKind.BASELINE:
        return dict(monitor.state)
    series = Series.from_json(monitor.state)
    return judge_silence(series, times.now(), monitor.interval_seconds).state.to_json()
