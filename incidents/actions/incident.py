"""What may happen to an incident. Each function is one transaction: the change and its trace.

What the public is told stands in `actions.update`.
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from incidents.actions import audit, corrections, wording
from incidents.actions.folding import fold_incident
from incidents.actions.references import next_reference
from incidents.actions.revision import touch_incident, touch_page
from incidents.actions.texts import check_languages
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import (
    Corrected,
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
    titles: Mapping[str, str] | None = None,
    scope: Mapping[Service, str],
    severity: str = Severity.MINOR,
    started_at: datetime | None = None,
    detected_at: datetime | None = None,
    origin: str = Origin.STAFF,
    actor: Staff | None = None,
) -> Incident:
    """Opens a draft: nothing is public, but it has its reference. `titles` are those in other languages."""
    now = times.now()
    started_at = started_at or now
    check_title(title)
    texts = _with_titles({}, titles or {}, page=page)
    check_scope(scope, page=page)
    if started_at > now:
        raise Refused("the start must not lie in the future", field="started_at")
    incident = Incident.objects.create(
        page=page,
        reference=next_reference(page.pk, opened_at=now),
        title=title.strip(),
        texts=texts,
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
def acknowledge(incident: Incident, *, actor: Staff | None = None, by: str = "") -> Incident:
    """Somebody looks at it: nothing is published, folded away or closed by itself any more, and nobody else is
    woken. `by` names who did it where that is no member of staff. Doing it again changes nothing."""
    incident = lock_incident(incident.pk)
    if incident.acknowledged_at is None:
        incident.acknowledged_at, incident.acknowledged_by = times.now(), actor
        incident.publish_due_at = None
        incident.save(update_fields=["acknowledged_at", "acknowledged_by", "publish_due_at"])
        audit.record("acknowledge", incident, actor=actor, actor_name=by)
    return incident


@transaction.atomic
def correct_incident(
    incident: Incident,
    *,
    title: str | None = None,
    titles: Mapping[str, str] | None = None,
    started_at: datetime | None = None,
    actor: Staff | None = None,
) -> Incident:
    """Changes the title or the onset; the impacts follow. What was public stays readable as a correction.

    Without `titles` those in other languages stay, unless they would now say another thing than `title`.
    """
    incident = acknowledge(incident, actor=actor) if actor else lock_incident(incident.pk)
    before, title_before = _identity(incident), _titles(incident)
    onset_before = corrections.instant(incident.started_at)
    if title is not None:
        check_title(title)
        titles = {} if titles is None and title.strip() != incident.title else titles
        incident.title = title.strip()
    if titles is not None:
        incident.texts = _with_titles(incident.texts, titles, page=incident.page)
    if started_at is not None:
        _check_onset(incident, started_at)
        incident.started_at = started_at
    incident.save()
    if incident.state == IncidentState.PUBLIC:
        fold_incident(incident)
        corrections.note(incident, Corrected.TITLE, before=title_before, after=_titles(incident), actor=actor)
        onset = corrections.instant(incident.started_at)
        corrections.note(incident, Corrected.ONSET, before=onset_before, after=onset, actor=actor)
    else:
        incident.impacts.filter(until_at=None).update(from_at=incident.started_at)
    audit.record("correct_incident", incident, actor=actor, before=before, after=_identity(incident))
    touch_incident(incident)
    return incident


@transaction.atomic
def promise_report(
    incident: Incident,
    due_on: date | None,
    *,
    interim_suffices: bool | None = None,
    actor: Staff | None = None,
) -> Incident:
    """Promises the report of a public incident for a day, or takes the promise back. A final edition keeps it; an
    interim one does where it `suffices`, None leaves that as it is."""
    incident = lock_incident(incident.pk)
    if incident.state != IncidentState.PUBLIC:
        raise Refused(f"{incident.reference} is not public: there is nothing to report of it")
    if due_on and due_on != incident.report_due_on:
        check_report_day(due_on, incident=incident)
    before = _promise_of(incident)
    incident.report_due_on = due_on
    if interim_suffices is not None:
        incident.interim_suffices = interim_suffices
    incident.save(update_fields=["report_due_on", "interim_suffices"])
    audit.record("promise_report", incident, actor=actor, before=before, after=_promise_of(incident))
    touch_incident(incident)
    return incident


def _promise_of(incident: Incident) -> dict[str, object]:
    return {
        "report_due_on": str(incident.report_due_on or ""),
        "interim_suffices": incident.interim_suffices,
    }


def check_report_day(due_on: date, *, incident: Incident) -> None:
    if due_on < times.now().astimezone(incident.page.zone).date():
        raise Refused("the report must be promised for today or a later day", field="report_due_on")


def _identity(incident: Incident) -> dict[str, object]:
    return {**_titles(incident), "started_at": incident.started_at.isoformat()}


def _titles(incident: Incident) -> dict[str, object]:
    written = {language: own["title"] for language, own in incident.texts.items() if own.get("title")}
    return {"title": incident.title, "titles": written}


def _with_titles(
    texts: Mapping[str, Mapping[str, str]], titles: Mapping[str, str], *, page: Page
) -> dict[str, dict[str, str]]:
    """`texts` with the titles of every other language: those given, and no others."""
    merged = {
        language: {name: text for name, text in own.items() if name != "title"}
        for language, own in texts.items()
    }
    check_languages({language: {} for language in titles}, page=page)
    for language, title in titles.items():
        if title.strip():
            check_title(title, field=f"title_{language}")
            merged.setdefault(language, {})["title"] = title.strip()
    return {language: own for language, own in merged.items() if own}


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
