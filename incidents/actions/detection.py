"""From what a judge says of a monitor, or another system in an alert, to what staff are shown: signals, drafts,
log lines.

Called with the row of the witness, the monitor or the alert, held, in the transaction that saves the verdict.
One service's failures and recoveries are taken one after the other (its row is held as well), so that two
monitors that fail at once open one draft, and none is closed while another still fails.
"""

import logging
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from incidents.actions import log, wording
from incidents.actions.incident import dismiss_draft, open_incident, propose_impacts
from incidents.actions.revision import touch_service
from incidents.actions.rollup import reopen
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.wake import wake
from incidents.models import (
    Alert,
    Incident,
    IncidentState,
    LogKind,
    LogSource,
    Maintenance,
    Monitor,
    Origin,
    Policy,
    Service,
    ServiceStatus,
    Severity,
    Signal,
    Verdict,
    worst,
)
from incidents.notices import staff_alerts
from incidents.queries.dependency import (
    Dependencies,
    dependencies_of,
    incident_behind,
    upstreams_behind,
)
from incidents.queries.incident import lock_incident
from incidents.queries.maintenance import running_maintenance_of
from incidents.queries.monitor import open_incident_of
from incidents.queries.service import lock_services

# What a draft proposes by how its service suffers; with it goes the promise of the next update.
PROPOSED_SEVERITY = {
    ServiceStatus.DEGRADED: Severity.MINOR,
    ServiceStatus.PARTIAL_OUTAGE: Severity.MAJOR,
    ServiceStatus.MAJOR_OUTAGE: Severity.CRITICAL,
}


logger = logging.getLogger(__name__)

Witness = Monitor | Alert
"""Whoever says of a service that it fails. Only the name that staff gave it stands in our own sentences."""


SENDING = "incidents.tasks.deliver_notices"
EXPLAINED_BACK = timedelta(minutes=15)
"""A service that fails explains what failed above it so shortly before: monitors look at different instants."""


@dataclass(frozen=True)
class Judged:
    """A judge's answer for one monitor; `ratio` is the value as a share of the usual one, 1.0 where none is.

    `cause` is why, where the judge has another reason than its kind's usual one; `summary` then says it to staff,
    in the page's first language.
    """

    verdict: str
    at: datetime
    onset_at: datetime | None
    state: dict[str, Any]
    ratio: float = 1.0
    cause: str = ""
    summary: str = ""


def take_failure(witness: Witness, judged: Judged) -> None:
    """Opens the witness's signal, and the draft of its service or a line in the incident that speaks of it.

    While a maintenance of the service runs it opens the signal alone, kept apart.
    """
    service, depends = _lock_family(witness.service_id)
    if witness.signals.filter(ended_at=None, verdict=judged.verdict).exists():
        return  # silence in between does not make it another failure
    onset, status = judged.onset_at or judged.at, _suffering(witness, judged)
    maintenance = _keeps_apart(witness, service)
    if maintenance is not None:
        _open_signal(witness, judged, onset=onset, status=status, maintenance=maintenance)
        return
    behind = depends.behind(service.pk)
    incident = _held(open_incident_of(service)) or _held(incident_behind(behind) if behind else None)
    is_new = incident is None
    if incident is not None and judged.verdict == Verdict.HIGH and _may_have_backlog(incident):
        _log_surge(witness, incident, judged)
        return
    signal = _open_signal(witness, judged, onset=onset, status=status)
    if service.policy == Policy.OBSERVE and incident is None:
        return
    if incident is None:
        incident = _open_draft(service, judged, onset=onset, status=status)
        if incident is None:
            return
    elif incident.state == IncidentState.DRAFT:
        _fold_into_draft(incident, service, onset=onset, status=status)
    signal.incident = incident
    signal.save(update_fields=["incident"])
    _log_detection(incident, signal.summary, at=judged.at)
    if is_new:
        _log_upstreams(incident, service)
    if over := depends.over(service.pk):
        _explain(incident, over)


def _lock_family(service_id: int) -> tuple[Service, Dependencies]:
    """The service, held with all that it stands on and all that stands on it: failures of one family are taken
    one after the other, whichever comes first."""
    page_id = Service.objects.values_list("page_id", flat=True).get(pk=service_id)
    depends = dependencies_of(page_id)
    family = lock_services({service_id, *depends.behind(service_id), *depends.over(service_id)})
    return family[service_id], depends


def _explain(incident: Incident, over: Set[int]) -> None:
    """Drafts of services that depend on the failed one, seen just before it, are folded into its incident, as
    long as nobody touched them."""
    since = times.now() - EXPLAINED_BACK
    failing = Signal.objects.filter(service__in=over, ended_at=None, detected_at__gte=since)
    drafts = Incident.objects.filter(signals__in=failing).exclude(pk=incident.pk).distinct().order_by("pk")
    for draft in drafts:
        held = _held(draft)
        if held is not None and _is_untouched(held) and _services_of(held) <= over:
            _absorb(held, into=incident)


def _is_untouched(incident: Incident) -> bool:
    is_own = incident.state == IncidentState.DRAFT and incident.origin == Origin.MONITOR
    return is_own and incident.acknowledged_at is None


def _services_of(incident: Incident) -> set[int]:
    return set(incident.signals.values_list("service_id", flat=True))


def _absorb(draft: Incident, *, into: Incident) -> None:
    signals = list(draft.signals.select_related("service"))
    draft.signals.update(incident=into)
    for signal in signals:
        if into.state == IncidentState.DRAFT and signal.ended_at is None:
            _fold_into_draft(into, signal.service, onset=signal.started_at, status=signal.status)
        _log_detection(into, signal.summary, at=signal.detected_at)
    language = into.page.first_language
    dismiss_draft(draft, reason=wording.explained(reference=into.reference, language=language))


def _suffering(witness: Witness, judged: Judged) -> str:
    if judged.verdict in (Verdict.UNSTABLE, Verdict.HIGH):
        return ServiceStatus.DEGRADED
    return witness.status_when_failing


def _keeps_apart(witness: Witness, service: Service) -> Maintenance | None:
    """The maintenance that a failure is put down to: one that runs, unless the witness spoke of it before."""
    if witness.signals.filter(ended_at=None, maintenance=None).exists():
        return None
    return running_maintenance_of(service)


def _held(incident: Incident | None) -> Incident | None:
    """The incident as it is now and until the transaction ends; None where it was closed meanwhile."""
    held = lock_incident(incident.pk) if incident else None
    return held if held and held.is_open else None


def _may_have_backlog(incident: Incident) -> bool:
    """More than usual is a recovery where there was less before, not where it is the trouble itself."""
    return not incident.signals.filter(verdict=Verdict.HIGH).exists()


def _open_signal(
    witness: Witness,
    judged: Judged,
    *,
    onset: datetime,
    status: str,
    maintenance: Maintenance | None = None,
) -> Signal:
    if isinstance(witness, Monitor):
        reopen(witness, onset)
    page = witness.service.page
    summary = judged.summary or wording.detected(
        judged.verdict,
        monitor=witness.name,
        onset=onset.astimezone(page.zone),
        percent=round(100 * judged.ratio),
        language=page.first_language,
    )
    if maintenance is None:
        touch_service(witness.service_id)
    signal, _ = Signal.objects.update_or_create(
        **_of(witness),
        ended_at=None,
        defaults={
            "service_id": witness.service_id,
            "verdict": judged.verdict,
            "status": status,
            "maintenance": maintenance,
            "started_at": onset,
            "detected_at": judged.at,
            "summary": summary[:300],
        },
    )
    return signal


def _of(witness: Witness) -> dict[str, Any]:
    return {"monitor" if isinstance(witness, Monitor) else "alert": witness}


def _open_draft(service: Service, judged: Judged, *, onset: datetime, status: str) -> Incident | None:
    """None where it cannot be opened, as when a day's numbers are used up: its service shows the failure all the
    same."""
    first, *others = wording.proposed_titles(judged.verdict, service=service, cause=judged.cause)
    try:
        incident = open_incident(
            service.page,
            title=first.text,
            titles={said.language: said.text for said in others},
            scope={service: status},
            severity=PROPOSED_SEVERITY[ServiceStatus(status)],
            started_at=min(onset, times.now()),
            detected_at=judged.at,
            origin=Origin.MONITOR,
        )
    except Refused as refused:
        logger.error("no draft can be opened for %s: %s", service.slug, refused)
        return None
    if service.policy == Policy.PUBLISH:
        incident.publish_due_at = times.now() + timedelta(minutes=service.publish_after_minutes)
        incident.save(update_fields=["publish_due_at"])
    staff_alerts.raise_incident(incident)
    transaction.on_commit(lambda: wake(SENDING), robust=True)
    return incident


def _fold_into_draft(incident: Incident, service: Service, *, onset: datetime, status: str) -> None:
    """The earliest onset and the worst status of all that was seen stand in the proposal; what a person
    called it stays. What is only recorded is proposed to nobody."""
    if service.policy == Policy.OBSERVE:
        return
    proposed = list(incident.impacts.filter(service=service, until_at=None).values_list("status", flat=True))
    seen = worst([status, *proposed])
    incident.started_at = min(onset, incident.started_at)
    if incident.origin == Origin.MONITOR:
        incident.severity = PROPOSED_SEVERITY[seen]
    incident.save(update_fields=["started_at", "severity"])
    propose_impacts(incident, {service: seen})
    if seen not in proposed:
        staff_alerts.note_worse(incident)
        transaction.on_commit(lambda: wake(SENDING), robust=True)


def _log_surge(witness: Witness, incident: Incident, judged: Judged) -> None:
    witness.signals.filter(ended_at=None).update(ended_at=times.now())
    text = wording.surge(
        monitor=witness.name,
        percent=round(100 * judged.ratio),
        language=witness.service.page.first_language,
    )
    _log_detection(incident, text, at=judged.at)


def _log_detection(incident: Incident, text: str, *, at: datetime) -> None:
    log.add_entry(
        incident,
        text=text,
        kind=LogKind.DETECTION,
        happened_at=min(at, times.now()),
        source=LogSource.MONITOR,
    )


def _log_upstreams(incident: Incident, service: Service) -> None:
    """Whoever opens the draft is to see at once what others say of themselves."""
    for upstream in upstreams_behind(service.page_id, [service.pk]):
        text = wording.upstream_says(
            upstream=upstream.name, status=upstream.status, language=service.page.first_language
        )
        _log_detection(incident, text, at=times.now())


def take_more(monitor: Monitor, text: str, *, at: datetime) -> None:
    """The failure goes on and more is known of it: a line in the open incident that it is in, if it is in one."""
    signal = monitor.signals.filter(ended_at=None).select_related("incident").first()
    incident = _held(signal.incident) if signal else None
    if incident is not None:
        _log_detection(incident, text, at=at)


def note_upstream(monitor: Monitor, text: str, *, at: datetime) -> None:
    """A line in the incident that speaks of the service, if there is one. By itself an upstream opens none."""
    service, _ = _lock_family(monitor.service_id)
    incident = _held(open_incident_of(service))
    if incident is not None:
        _log_detection(incident, text, at=at)


def take_recovery(witness: Witness, *, told: str = "") -> None:
    """Ends the signal and tells its incident; so is a draft told whose signal a surge or a pause had ended.

    `told`: what the log says of it; by default that the monitor is back to normal.
    """
    _lock_family(witness.service_id)
    signal = witness.signals.filter(ended_at=None).select_related("incident").first()
    concerned = {signal.incident} if signal and signal.incident else set()
    if signal:
        signal.ended_at = times.now()
        signal.save(update_fields=["ended_at"])
        if signal.maintenance_id is None:
            touch_service(witness.service_id)
    drafts = Incident.objects.filter(signals__in=witness.signals.all(), state=IncidentState.DRAFT)
    for incident in sorted({*concerned, *drafts}, key=lambda one: one.pk):
        if (held := _held(incident)) is not None:
            _tell_recovery(held, witness, told=told)


def _tell_recovery(incident: Incident, witness: Witness, *, told: str) -> None:
    recovered = wording.recovered(monitor=witness.name, language=witness.service.page.first_language)
    _log_detection(incident, told or recovered, at=times.now())
    still_failing = incident.signals.filter(ended_at=None).exists()
    if _is_untouched(incident) and not still_failing:
        dismiss_draft(incident)
