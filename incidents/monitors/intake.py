"""Observations and pings as they arrive: kept, judged and acted on in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from incidents.actions.detection import Judged
from incidents.actions.monitor import apply_judgement, record_observations, save_state
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Monitor
from incidents.monitors.checkers.baseline import judge_series, judge_value
from incidents.monitors.checkers.heartbeat import judge_pings
from incidents.monitors.pings import pings_of, to_json, with_event
from incidents.monitors.probes import heartbeat_settings
from incidents.monitors.series import Series
from incidents.monitors.settling import take_result
from incidents.queries.monitor import lock_monitor, observed

Points = Sequence[tuple[datetime, float]]


@transaction.atomic
def take_observations(monitor: Monitor, points: Points) -> None:
    """Keeps a batch and judges its newest value; nothing is kept if one point is refused.

    Only the newest judgement has consequences: a batch of the past must not open old incidents.
    """
    was_enabled, monitor = monitor.enabled, lock_monitor(monitor.pk)
    if was_enabled and not monitor.enabled:
        raise Refused("this monitor was paused")
    record_observations(monitor, points)
    zone = monitor.service.page.time_zone
    series = Series.from_json(monitor.state)
    ordered = sorted(dict(points).items())
    if series.newest_at is not None and ordered[0][0] <= series.newest_at:
        judgement = judge_series(observed(monitor, until=max(ordered[-1][0], series.newest_at)), zone=zone)
    else:
        judgement = judge_value(series, *ordered[0], zone=zone)
        for at, value in ordered[1:]:
            judgement = judge_value(judgement.state, at, value, zone=zone)
    newest = judgement.state.newest_at
    assert newest is not None
    judged = Judged(
        verdict=judgement.verdict,
        at=newest,
        onset_at=judgement.onset_at,
        state=judgement.state.to_json(),
        ratio=1.0 if judgement.ratio is None else judgement.ratio,
    )
    apply_judgement(monitor, judged)


@transaction.atomic
def take_ping(monitor: Monitor, event: str) -> None:
    """Keeps a heartbeat's ping and judges it at once; a start only sets when its end is missed."""
    monitor = lock_monitor(monitor.pk)
    pings = with_event(pings_of(monitor), event, at=times.now())
    save_state(monitor, {**monitor.state, "pings": to_json(pings)})
    settings = heartbeat_settings(monitor.settings)
    take_result(monitor.pk, None if event == "start" else judge_pings(pings, times.now(), settings))
