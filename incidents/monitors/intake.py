"""Observations, pings and receipts as they arrive: kept, judged and acted on in one transaction."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction

from incidents.actions.detection import Judged
from incidents.actions.monitor import (
    apply_judgement,
    check_soon,
    record_observations,
    save_state,
    take_level,
)
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.mail_parts import parse_mail
from incidents.models import Monitor, MonitorKind, Staff
from incidents.monitors.checkers.baseline import SeriesJudgement, accept, judge_series, judge_value
from incidents.monitors.checkers.heartbeat import judge_pings, read_settings
from incidents.monitors.checkers.mail_round_trip import MARKER_HEADER, read_memory
from incidents.monitors.pings import pings_of, to_json, with_event
from incidents.monitors.probes import rhythm_of
from incidents.monitors.series import Series
from incidents.monitors.settling import take_result
from incidents.queries.monitor import find_monitor, lock_monitor, observed

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
    apply_judgement(monitor, _judged(_judge(monitor, sorted(dict(points).items()))))


@transaction.atomic
def accept_level(monitor: Monitor, *, actor: Staff) -> None:
    """What came since an anomaly began is from now on the usual; staff say so."""
    monitor = lock_monitor(monitor.pk)
    series = Series.from_json(monitor.state)
    accepted = accept(series, rhythm=rhythm_of(monitor))
    if accepted is series:
        raise Refused("its counts are usual")
    level = round(100 * series.level)
    state = SeriesJudgement(accepted, accepted.verdict, changed=True)
    take_level(monitor, _judged(state), percent=level, actor=actor)


def _judge(monitor: Monitor, points: Points) -> SeriesJudgement:
    """Where some of the points came late, or it was learnt in another rhythm, all that is kept is judged anew."""
    rhythm, series = rhythm_of(monitor), Series.from_json(monitor.state)
    is_late = series.newest_at is not None and points[0][0] <= series.newest_at
    if is_late or series.rhythm != rhythm.key:
        return judge_series(observed(monitor), rhythm=rhythm, before=series)
    judgement = judge_value(series, *points[0], rhythm=rhythm)
    for at, value in points[1:]:
        judgement = judge_value(judgement.state, at, value, rhythm=rhythm)
    return judgement


def _judged(judgement: SeriesJudgement) -> Judged:
    newest = judgement.state.newest_at
    assert newest is not None
    return Judged(
        verdict=judgement.verdict,
        at=newest,
        onset_at=judgement.onset_at,
        state=judgement.state.to_json(),
        ratio=1.0 if judgement.ratio is None else judgement.ratio,
    )


@transaction.atomic
def take_ping(monitor: Monitor, event: str) -> None:
    """Keeps a heartbeat's ping and judges it at once; a start only sets when its end is missed."""
    monitor = lock_monitor(monitor.pk)
    pings = with_event(pings_of(monitor), event, at=times.now())
    save_state(monitor, {**monitor.state, "pings": to_json(pings)})
    settings = read_settings(monitor.settings)
    take_result(monitor.pk, None if event == "start" else judge_pings(pings, times.now(), settings))


@transaction.atomic
def take_receipt(monitor: Monitor, marker: str) -> None:
    """Keeps that a message of a mail round trip has arrived; the next check, which comes at once, judges it.

    The first word counts. Raises Refused for a message that is not on its way.
    """
    monitor = lock_monitor(monitor.pk)
    awaited = read_memory(monitor.state.get("memory") or {}).marker
    if not awaited or marker != awaited:
        raise Refused("expected the marker of the message that is on its way", field="event")
    if (monitor.state.get("receipt") or {}).get("marker") != marker:
        receipt = {"marker": marker, "at": times.now().isoformat()}
        save_state(monitor, {**monitor.state, "receipt": receipt})
    check_soon(monitor)


def take_marked_mail(raw: bytes) -> bool:
    """Whether the message is one of a mail round trip's; if it is on its way, it has arrived."""
    message = parse_mail(raw)
    words = f"{message.get(MARKER_HEADER, '')} {message.get('Subject', '')}"
    found = re.search(r"\b([0-9a-f]{32})-[0-9a-f]{16}\b", words)
    monitor = find_monitor(UUID(found[1]), MonitorKind.MAIL_ROUND_TRIP) if found else None
    if found is None or monitor is None:
        return False
    with suppress(Refused):  # late or twice
        take_receipt(monitor, found[0])
    return True
