"""From what monitors see to what staff are shown: signals, drafts, log lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from incidents.actions import audit, log, wording
from incidents.actions.incident import dismiss_draft, open_incident, propose_impacts
from incidents.actions.revision import touch_page
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.tokens import hash_secret, new_secret
from incidents.models import (
    FAILING,
    CheckResult,
    Incident,
    IncidentState,
    LogKind,
    LogSource,
    Monitor,
    MonitorKind,
    Observation,
    Origin,
    Policy,
    Service,
    ServiceStatus,
    Severity,
    Signal,
    Staff,
    Verdict,
)
from incidents.queries.monitor import due_monitors, open_incident_of

RETENTION = timedelta(days=400)
CLOCK_TOLERANCE = timedelta(minutes=5)
CHECK_LEASE = timedelta(seconds=60)
RECHECK_SECONDS = 15
# What a draft proposes by how its service suffers; with it goes the promise of the next update.
PROPOSED_SEVERITY = {
    ServiceStatus.DEGRADED: Severity.MINOR,
    ServiceStatus.PARTIAL_OUTAGE: Severity.MAJOR,
    ServiceStatus.MAJOR_OUTAGE: Severity.CRITICAL,
}
SHORTEST_INTERVAL_SECONDS = 10


@dataclass(frozen=True)
class Judged:
    """A judge's answer for one monitor; `ratio` is the value as a share of the usual one, 1.0 where none is."""

    verdict: str
    at: datetime
    onset_at: datetime | None
    state: dict[str, Any]
    ratio: float = 1.0


@transaction.atomic
def create_monitor(
    service: Service,
    *,
    kind: str,
    name: str,
    target: str = "",
    settings: dict[str, Any] | None = None,
    interval_seconds: int = 60,
    status_when_failing: str = ServiceStatus.MAJOR_OUTAGE,
    enabled: bool = True,
    actor: Staff | None = None,
) -> tuple[Monitor, str]:
    """Answers the monitor and, once, the token that its pushers must send."""
    if kind not in MonitorKind.values:
        raise Refused(f"expected one of {', '.join(MonitorKind.values)}", field="kind")
    if interval_seconds < SHORTEST_INTERVAL_SECONDS:
        raise Refused(f"expected at least {SHORTEST_INTERVAL_SECONDS} seconds", field="interval_seconds")
    if Monitor.objects.filter(service=service, name=name).exists():
        raise Refused(f"{name!r} is taken by another monitor of this service", field="name")
    token = new_secret()
    monitor = Monitor.objects.create(
        service=service,
        kind=kind,
        name=name,
        target=target,
        settings=settings or {},
        interval_seconds=interval_seconds,
        status_when_failing=status_when_failing,
        token_hash=hash_secret(token),
        enabled=enabled,
        next_check_at=times.now(),
        created_at=times.now(),
    )
    audit.record("create_monitor", monitor, actor=actor, after={"name": name, "kind": kind})
    touch_page(service.page_id)
    return monitor, token


@transaction.atomic
def set_monitor_enabled(monitor: Monitor, enabled: bool, *, actor: Staff | None = None) -> Monitor:
    """Pauses a monitor or starts it again; a paused one neither judges nor colours its service."""
    monitor = Monitor.objects.select_for_update().select_related("service").get(pk=monitor.pk)
    monitor.enabled = enabled
    monitor.parked_reason = ""
    monitor.next_check_at = times.now()
    monitor.save(update_fields=["enabled", "parked_reason", "next_check_at"])
    if not enabled:
        monitor.signals.filter(ended_at=None).update(ended_at=times.now())
    audit.record("set_monitor_enabled", monitor, actor=actor, after={"enabled": enabled})
    touch_page(monitor.service.page_id)
    return monitor


def check_points(points: Sequence[tuple[datetime, float]]) -> None:
    """Refuses a batch that holds anything but finite values at believable instants, naming the point."""
    now = times.now()
    if not points:
        raise Refused("expected at least one observation", field="observations")
    for index, (at, value) in enumerate(points):
        if not math.isfinite(value):
            raise Refused("expected a finite number", field=f"observations[{index}].value")
        if at > now + CLOCK_TOLERANCE:
            raise Refused("the instant lies in the future", field=f"observations[{index}].at")
        if at < now - RETENTION:
            raise Refused(
                f"the instant is older than {RETENTION.days} days", field=f"observations[{index}].at"
            )


@transaction.atomic
def record_observations(monitor: Monitor, points: Sequence[tuple[datetime, float]]) -> None:
    """Keeps a batch, all or nothing; a value sent again for an instant replaces the earlier one."""
    check_points(points)
    now = times.now()
    rows = {at: Observation(monitor=monitor, at=at, value=value, received_at=now) for at, value in points}
    Observation.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["monitor", "at"],
        update_fields=["value", "received_at"],
    )


@transaction.atomic
def claim_due(*, limit: int) -> list[int]:
    """Leases due monitors to the caller, who must settle each by `schedule_next`; a dead caller's
    lease ends by itself. The real clock rules here.
    """
    now = timezone.now()
    ids = due_monitors(now=now, limit=limit)
    locked = Monitor.objects.filter(pk__in=ids).filter(Q(lease_until=None) | Q(lease_until__lt=now))
    if connection.features.has_select_for_update_skip_locked:
        locked = locked.select_for_update(skip_locked=True)
    claimed = list(locked.values_list("pk", flat=True))
    Monitor.objects.filter(pk__in=claimed).update(lease_until=now + CHECK_LEASE)
    return claimed


def schedule_next(monitor: Monitor, *, ok: bool) -> None:
    """Frees the monitor and sets its next check; a first failure is looked at again soon."""
    now = timezone.now()
    doubtful = not ok and monitor.verdict != Verdict.DOWN
    wait = min(monitor.interval_seconds, RECHECK_SECONDS) if doubtful else monitor.interval_seconds
    on_beat = monitor.next_check_at + timedelta(seconds=wait)
    monitor.next_check_at = on_beat if on_beat > now and not doubtful else now + timedelta(seconds=wait)
    monitor.lease_until = None
    monitor.save(update_fields=["next_check_at", "lease_until"])


def record_result(monitor: Monitor, *, at: datetime, ok: bool, latency_ms: float | None, detail: str) -> None:
    """Keeps one check result; a second one of the same instant is the same result."""
    CheckResult.objects.get_or_create(
        monitor=monitor, at=at, defaults={"ok": ok, "latency_ms": latency_ms, "detail": detail[:300]}
    )


def save_state(monitor: Monitor, state: dict[str, Any]) -> None:
    """Keeps what a checker remembers between two results; the caller holds the monitor's row."""
    monitor.state = state
    monitor.save(update_fields=["state"])


@transaction.atomic
def park_monitor(monitor: Monitor, *, reason: str) -> None:
    """Takes a monitor that cannot work out of the way of the others; staff see why."""
    Monitor.objects.filter(pk=monitor.pk).update(enabled=False, lease_until=None, parked_reason=reason[:300])
    audit.record("park_monitor", monitor, after={"reason": reason})
    touch_page(monitor.service.page_id)


@transaction.atomic
def apply_judgement(monitor: Monitor, judged: Judged) -> None:
    """Saves what the judge said and lets a changed verdict have its consequences.

    The caller holds the monitor's row (`queries.monitor.lock_monitor`) in the same transaction.
    """
    changed = monitor.verdict != judged.verdict
    monitor.state = judged.state
    monitor.last_result_at = max(filter(None, [monitor.last_result_at, judged.at]))
    if changed:
        monitor.verdict = judged.verdict
        monitor.verdict_at = judged.at
    monitor.save(update_fields=["state", "last_result_at", "verdict", "verdict_at"])
    if not changed:
        return
    if judged.verdict in FAILING:
        _take_failure(monitor, judged)
    elif judged.verdict == Verdict.UP:
        _take_recovery(monitor)
    touch_page(monitor.service.page_id)


@transaction.atomic
def fall_silent(monitor: Monitor, *, state: dict[str, Any]) -> None:
    """The results stopped: the verdict is unknown. What was failing before stays so until someone sees."""
    monitor.state = state
    monitor.verdict = Verdict.UNKNOWN
    monitor.verdict_at = times.now()
    monitor.save(update_fields=["state", "verdict", "verdict_at"])
    touch_page(monitor.service.page_id)


def _take_failure(monitor: Monitor, judged: Judged) -> None:
    service = monitor.service
    incident = open_incident_of(service)
    if judged.verdict == Verdict.HIGH and incident is not None:
        _log_surge(monitor, incident, judged)
        return
    onset = judged.onset_at or judged.at
    status = monitor.status_when_failing
    if judged.verdict in (Verdict.UNSTABLE, Verdict.HIGH):
        status = ServiceStatus.DEGRADED
    signal = _open_signal(monitor, judged, onset=onset, status=status)
    if service.policy == Policy.OBSERVE and incident is None:
        return
    if incident is None:
        incident = _open_draft(service, judged, onset=onset, status=status)
    elif incident.state == IncidentState.DRAFT:
        _fold_into_draft(incident, service, onset=onset, status=status)
    signal.incident = incident
    signal.save(update_fields=["incident"])
    log.add_entry(
        incident,
        text=signal.summary,
        kind=LogKind.DETECTION,
        happened_at=min(judged.at, times.now()),
        source=LogSource.MONITOR,
    )


def _open_signal(monitor: Monitor, judged: Judged, *, onset: datetime, status: str) -> Signal:
    zone = monitor.service.page.zone
    language = monitor.service.page.first_language
    summary = wording.detected(
        judged.verdict,
        monitor=monitor.name,
        onset=onset.astimezone(zone),
        percent=round(100 * judged.ratio),
        language=language,
    )
    signal, _ = Signal.objects.update_or_create(
        monitor=monitor,
        ended_at=None,
        defaults={
            "verdict": judged.verdict,
            "status": status,
            "started_at": onset,
            "detected_at": judged.at,
            "summary": summary[:300],
        },
    )
    return signal


def _open_draft(service: Service, judged: Judged, *, onset: datetime, status: str) -> Incident:
    language = service.page.first_language
    incident = open_incident(
        service.page,
        title=wording.proposed_title(judged.verdict, service=service.name, language=language),
        scope={service: status},
        severity=PROPOSED_SEVERITY[ServiceStatus(status)],
        started_at=min(onset, times.now()),
        detected_at=judged.at,
        origin=Origin.MONITOR,
    )
    if service.policy == Policy.PUBLISH:
        incident.publish_due_at = times.now() + timedelta(minutes=service.publish_after_minutes)
        incident.save(update_fields=["publish_due_at"])
    return incident


def _fold_into_draft(incident: Incident, service: Service, *, onset: datetime, status: str) -> None:
    if onset < incident.started_at:
        incident.started_at = onset
        incident.save(update_fields=["started_at"])
    propose_impacts(incident, {service: status})


def _log_surge(monitor: Monitor, incident: Incident, judged: Judged) -> None:
    monitor.signals.filter(ended_at=None).update(ended_at=times.now())
    text = wording.surge(
        monitor=monitor.name,
        percent=round(100 * judged.ratio),
        language=monitor.service.page.first_language,
    )
    log.add_entry(
        incident,
        text=text,
        kind=LogKind.DETECTION,
        happened_at=min(judged.at, times.now()),
        source=LogSource.MONITOR,
    )


def _take_recovery(monitor: Monitor) -> None:
    ended = list(monitor.signals.filter(ended_at=None).select_related("incident__page"))
    now = times.now()
    for signal in ended:
        signal.ended_at = now
        signal.save(update_fields=["ended_at"])
        if signal.incident is not None and signal.incident.is_open:
            _tell_recovery(signal.incident, monitor)


def _tell_recovery(incident: Incident, monitor: Monitor) -> None:
    text = wording.recovered(monitor=monitor.name, language=monitor.service.page.first_language)
    log.add_entry(incident, text=text, kind=LogKind.DETECTION, source=LogSource.MONITOR)
    still_failing = incident.signals.filter(ended_at=None).exists()
    if incident.state == IncidentState.DRAFT and incident.origin == Origin.MONITOR and not still_failing:
        dismiss_draft(incident)
