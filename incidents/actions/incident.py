"""What may happen to an incident. Each function is one transaction: the change and its trace.

What the public is told stands in `actions.update`.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from incidents.actions import audit, wording
from incidents.actions.folding import fold_incident
from incidents.actions.references import next_reference
from incidents.actions.revision import touch_incident, touch_page
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import (
    Impact,
    Incident,
    IncidentState,
    LogEntry,
    LogKind,
    LogSource,
    Origin,
    Page,
    Service,
    ServiceStatus,
    Severity,
    Staff,
)
from incidents.queries.incident import lock_incident


@transaction.atomic
def open_incident(
    page: Page,
    *,
    title: str,
    scope: Mapping[Service, str],
    severity: str = Severity.MINOR,
    started_at: datetime | None = None,
    detected_at: datetime | None = None,
    origin: str = Origin.STAFF,
    actor: Staff | None = None,
) -> Incident:
    """Opens a draft: nothing is public, but it has its reference."""
    now = times.now()
    started_at = started_at or now
    check_title(title)
    check_scope(scope, page=page)
    if started_at > now:
        raise Refused("the start must not lie in the future", field="started_at")
    incident = Incident.objects.create(
        page=page,
        reference=next_reference(page.pk, opened_at=now),
        title=title.strip(),
        severity=Severity(severity),
        started_at=started_at,
        detected_at=detected_at or now,
        opened_at=now,
        origin=origin,
        opened_by=actor,
    )
    propose_impacts(incident, scope)
    audit.record("open_incident", incident, actor=actor, after={"title": incident.title})
    touch_page(page.pk)
    return incident


def propose_impacts(incident: Incident, scope: Mapping[Service, str]) -> None:
    """What a draft supposes to be hit, from the proposed start on; the first update decides."""
    for service, status in scope.items():
        Impact.objects.update_or_create(
            incident=incident,
            service=service,
            until_at=None,
            defaults={"status": ServiceStatus(status), "from_at": incident.started_at},
        )


@transaction.atomic
def dismiss_draft(incident: Incident, *, reason: str = "", actor: Staff | None = None) -> Incident:
    """Closes a draft that needs no publication; it stays on the record with its reason."""
    incident = lock_incident(incident.pk)
    if incident.state != IncidentState.DRAFT:
        raise Refused(f"{incident.reference} is not a draft any more")
    now = times.now()
    incident.state = IncidentState.DISMISSED
    incident.dismissed_at = now
    incident.publish_due_at = None
    incident.save()
    incident.impacts.filter(until_at=None).update(until_at=max(now, incident.started_at))
    LogEntry.objects.create(
        incident=incident,
        happened_at=now,
        recorded_at=now,
        kind=LogKind.ACTION,
        source=LogSource.STAFF if actor else LogSource.SYSTEM,
        author=actor,
        text=reason or wording.dismissed(language=incident.page.first_language),
    )
    audit.record("dismiss_draft", incident, actor=actor)
    touch_incident(incident)
    return incident


@transaction.atomic
def correct_incident(
    incident: Incident,
    *,
    title: str | None = None,
    started_at: datetime | None = None,
    actor: Staff | None = None,
) -> Incident:
    """Changes the title or the onset; the impacts follow."""
    incident = lock_incident(incident.pk)
    before = {"title": incident.title, "started_at": incident.started_at.isoformat()}
    if title is not None:
        check_title(title)
        incident.title = title.strip()
    if started_at is not None:
        _check_onset(incident, started_at)
        incident.started_at = started_at
    incident.save()
    if incident.state == IncidentState.PUBLIC:
        fold_incident(incident)
    else:
        incident.impacts.filter(until_at=None).update(from_at=incident.started_at)
    after = {"title": incident.title, "started_at": incident.started_at.isoformat()}
    audit.record("correct_incident", incident, actor=actor, before=before, after=after)
    touch_incident(incident)
    return incident


def _check_onset(incident: Incident, started_at: datetime) -> None:
    told = list(incident.updates.values_list("happened_at", "recovered_at"))
    known = [at for pair in told for at in pair if at] + [incident.resolved_at or times.now()]
    if started_at > min(known):
        raise Refused(
            "the start must not lie after the first update, the recovery or the end", field="started_at"
        )


def check_title(title: str, *, field: str = "title") -> None:
    cleaned = title.strip()
    if not cleaned or len(cleaned) > 150 or any(ord(c) < 32 for c in cleaned):
        raise Refused("a title is one line of 1 to 150 characters", field=field)


def check_scope(scope: Mapping[Service, str], *, page: Page) -> None:
    allowed = {"operational", "degraded", "partial_outage", "major_outage"}
    for service, status in scope.items():
        if service.page_id != page.pk:
            raise Refused(f"{service.name} is not a service of this page", field="scope")
        if status not in allowed:
            raise Refused(f"{service.name}: expected one of {', '.join(sorted(allowed))}", field="scope")
