"""Telling the public of an incident: publishing and correcting updates, each in one transaction with its mails."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from incidents.actions import audit, wording
from incidents.actions.folding import fold_incident, save_scope
from incidents.actions.incident import check_scope
from incidents.actions.revision import touch_incident
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.markdown import render
from incidents.lib.wake import wake
from incidents.models import (
    OVER,
    Incident,
    IncidentState,
    LogEntry,
    LogKind,
    LogSource,
    Service,
    ServiceStatus,
    Severity,
    Staff,
    Stage,
    Update,
    UpdateRevision,
)
from incidents.notices import fanout
from incidents.queries.incident import drafts_due, lock_incident, proposed_scope, updates_in_order

SENDING = "incidents.tasks.deliver_notices"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Draft:
    """What an update is to tell. `None` keeps what the update before it told, or the draft proposes.

    `scope` maps services to their status; `next_update_at` None promises by severity, `promise_nothing`
    promises none; `recovered_at` is when it was really over, for an update that resolves. The same
    `request_key` sent twice is one update.
    """

    stage: str
    body: str
    scope: Mapping[Service, str] | None = None
    severity: str | None = None
    concerned: str | None = None
    workaround: str | None = None
    next_update_at: datetime | None = None
    promise_nothing: bool = False
    happened_at: datetime | None = None
    recovered_at: datetime | None = None
    request_key: str = ""


@transaction.atomic
def publish_update(
    incident: Incident,
    draft: Draft,
    *,
    actor: Staff | None = None,
    notify: bool = True,
    hold_seconds: int | None = None,
) -> Update:
    """Tells the public: the update, its log line, its scope and one delivery per subscriber, at once.

    The mails wait `hold_seconds` (default: the page's) so that a slip can be taken back.
    """
    incident = lock_incident(incident.pk)
    before = updates_in_order(incident)
    if draft.request_key and (twin := next((u for u in before if u.request_key == draft.request_key), None)):
        return twin
    update = _write_update(incident, draft, before=before, actor=actor)
    LogEntry.objects.create(
        incident=incident,
        update=update,
        happened_at=update.happened_at,
        recorded_at=times.now(),
        kind=LogKind.PUBLIC_UPDATE,
        source=LogSource.SYSTEM,
        author=actor,
    )
    fold_incident(incident)
    audit.record(
        "publish_update", update, actor=actor, after={"stage": update.stage, "number": update.number}
    )
    touch_incident(incident)
    if notify:
        seconds = incident.page.hold_seconds if hold_seconds is None else hold_seconds
        fanout.queue_update(update, hold_until=timezone.now() + timedelta(seconds=seconds))
        transaction.on_commit(lambda: wake(SENDING), robust=True)
    return update


@transaction.atomic
def publish_draft(
    incident: Incident, *, actor: Staff | None = None, notify: bool = True, hold_seconds: int | None = None
) -> Update:
    """The one click: tells what the draft proposes, in the page's fixed words."""
    incident = lock_incident(incident.pk)
    if incident.state != IncidentState.DRAFT:
        raise Refused(f"{incident.reference} is not a draft any more")
    scope = proposed_scope(incident)
    body = wording.first_update([service.name for service in scope], language=incident.page.first_language)
    draft = Draft(stage=Stage.INVESTIGATING, body=body, scope=scope, severity=incident.severity)
    return publish_update(incident, draft, actor=actor, notify=notify, hold_seconds=hold_seconds)


def publish_due_drafts(*, notify: bool = True) -> int:
    """Publishes the drafts whose service's policy gave people long enough; answers how many.

    One that cannot be published, or that a person just published, keeps none of the others waiting.
    """
    published = 0
    for incident in drafts_due(now=times.now()):
        try:
            publish_draft(incident, notify=notify)
        except Refused as refused:
            log.warning("%s is not published by itself: %s", incident.reference, refused)
        else:
            published += 1
    return published


@transaction.atomic
def edit_update(update: Update, draft: Draft, *, actor: Staff | None = None) -> Update:
    """Corrects a published update: the earlier text is kept and the correction shows; nobody is mailed again."""
    incident = lock_incident(update.incident_id)
    update = Update.objects.get(pk=update.pk)
    others = [u for u in updates_in_order(incident) if u.pk != update.pk]
    earlier = _told_values(update)
    UpdateRevision.objects.create(
        update=update,
        body=update.body,
        body_html=update.body_html,
        told=earlier,
        replaced_at=times.now(),
        replaced_by=actor,
    )
    _fill(update, draft, fallback=update, incident=incident)
    update.edited_at = times.now()
    _check_order(update, others, incident=incident)
    update.save()
    if draft.scope is not None:
        check_scope(draft.scope, page=incident.page)
        save_scope(update, {service.pk: status for service, status in draft.scope.items()})
    LogEntry.objects.filter(update=update).update(happened_at=update.happened_at)
    fold_incident(incident)
    audit.record("edit_update", update, actor=actor, before=earlier, after=_told_values(update))
    touch_incident(incident)
    return update


@transaction.atomic
def cancel_notice(update: Update, *, actor: Staff | None = None) -> int:
    """Takes back the mails that still wait in the hold; answers how many."""
    cancelled = fanout.cancel_update(update)
    audit.record("cancel_notice", update, actor=actor, after={"cancelled": cancelled})
    return cancelled


def _write_update(incident: Incident, draft: Draft, *, before: list[Update], actor: Staff | None) -> Update:
    if incident.state == IncidentState.DISMISSED:
        raise Refused(f"{incident.reference} was closed without publication")
    last = before[-1] if before else None
    if last is None and draft.stage in OVER:
        raise Refused("the first update cannot already resolve the incident", field="stage")
    scope = {service.pk: str(status) for service, status in (draft.scope or {}).items()}
    if draft.scope is None:
        kept = last.scope.all() if last else incident.impacts.all()
        scope = {row.service_id: row.status for row in kept}
    else:
        check_scope(draft.scope, page=incident.page)
    update = Update(
        incident=incident,
        number=1 + max((u.number for u in before), default=0),
        published_at=times.now(),
        created_by=actor,
        request_key=draft.request_key,
    )
    _fill(update, draft, fallback=last, incident=incident)
    _check_order(update, before, incident=incident)
    update.save()
    if update.stage in OVER:
        scope = dict.fromkeys(scope, ServiceStatus.OPERATIONAL.value)
    save_scope(update, scope)
    return update


def _fill(update: Update, draft: Draft, *, fallback: Update | None, incident: Incident) -> None:
    update.stage = Stage(draft.stage)
    update.body = draft.body.strip()
    if not update.body:
        raise Refused("an update needs a text", field="body")
    update.happened_at = draft.happened_at or update.happened_at or update.published_at
    update.body_html = render(update.body)
    update.severity = Severity(draft.severity or (fallback.severity if fallback else incident.severity))
    update.concerned = _kept(draft.concerned, fallback.concerned if fallback else "")
    update.workaround = _kept(draft.workaround, fallback.workaround if fallback else "")
    update.recovered_at = draft.recovered_at if update.stage in OVER else None
    update.next_update_at = _promise(update, draft)


def _promise(update: Update, draft: Draft) -> datetime | None:
    """The draft's own; else a new update promises by severity, and a corrected one keeps its promise."""
    if update.stage in OVER or draft.promise_nothing:
        return None
    if draft.next_update_at is not None:
        return draft.next_update_at
    if update._state.adding:
        return update.happened_at + Severity(update.severity).promise
    return update.next_update_at


def _kept(new: str | None, old: str) -> str:
    return old if new is None else new.strip()


def _check_order(update: Update, others: list[Update], *, incident: Incident) -> None:
    if update.happened_at > times.now():
        raise Refused("an update cannot have happened in the future", field="happened_at")
    if update.happened_at < incident.started_at:
        raise Refused("an update cannot lie before the incident's start", field="happened_at")
    if update.recovered_at and not incident.started_at <= update.recovered_at <= update.happened_at:
        raise Refused("the recovery must lie between the start and this update", field="recovered_at")
    promised = update.next_update_at
    if promised and promised <= update.happened_at:
        raise Refused("the next update must be promised for later than this one", field="next_update_at")
    earliest = min([update, *others], key=lambda u: (u.happened_at, u.number))
    if earliest.stage in OVER:
        raise Refused("the first update cannot already resolve the incident", field="stage")


def _told_values(update: Update) -> dict[str, object]:
    instants = {
        name: value.isoformat() if (value := getattr(update, name)) else None
        for name in ("happened_at", "next_update_at", "recovered_at")
    }
    return {
        "stage": update.stage,
        "severity": update.severity,
        "body": update.body,
        "concerned": update.concerned,
        "workaround": update.workaround,
        "scope": {str(row.service_id): row.status for row in update.scope.all()},
        **instants,
    }
