"""Telling the public of an incident: publishing and correcting updates, each in one transaction with its mails."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from incidents.actions import audit, corrections, wording
from incidents.actions.composing import Draft, check_order, fill
from incidents.actions.folding import fold_incident, save_scope
from incidents.actions.incident import check_report_day, check_scope
from incidents.actions.revision import touch_incident
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.wake import wake
from incidents.models import (
    OVER,
    Corrected,
    Incident,
    IncidentState,
    LogEntry,
    LogKind,
    LogSource,
    Service,
    ServiceStatus,
    Staff,
    Stage,
    Update,
    UpdateRevision,
)
from incidents.models.estimate import UNDECIDED, known
from incidents.notices import fanout
from incidents.queries.corrections import told_values
from incidents.queries.incident import (
    ended_at,
    lock_incident,
    proposed_scope,
    updates_in_order,
)

__all__ = [
    "SENDING",
    "UNDECIDED",
    "Draft",
    "cancel_notice",
    "edit_update",
    "known",
    "publish_draft",
    "publish_update",
]

SENDING = "incidents.tasks.deliver_notices"


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
    _promise_report(incident, update, draft)
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
    incident: Incident,
    *,
    scope: Mapping[Service, str] | None = None,
    actor: Staff | None = None,
    notify: bool = True,
    hold_seconds: int | None = None,
) -> Update:
    """The one click: tells what the draft proposes, or of that only `scope`, in the page's fixed words and in each
    of its languages."""
    incident = lock_incident(incident.pk)
    if incident.state != IncidentState.DRAFT:
        raise Refused(f"{incident.reference} is not a draft any more")
    scope = proposed_scope(incident) if scope is None else scope
    first, *others = wording.first_updates(list(scope), page=incident.page)
    draft = Draft(
        stage=Stage.INVESTIGATING,
        body=first.text,
        scope=scope,
        severity=incident.severity,
        texts={said.language: {"body": said.text} for said in others},
    )
    return publish_update(incident, draft, actor=actor, notify=notify, hold_seconds=hold_seconds)


@transaction.atomic
def edit_update(
    update: Update, draft: Draft, *, version: int | None = None, actor: Staff | None = None
) -> Update:
    """Corrects a published update: what it said is kept and the correction shows; nobody is mailed again.

    `version` is the number of corrections it had when it was read: another's in between is refused.
    """
    incident = lock_incident(update.incident_id)
    update = Update.objects.get(pk=update.pk)
    if version is not None and update.revisions.count() != version:
        raise Refused(
            "someone else corrected this update meanwhile; nothing was overwritten", field="version"
        )
    others = [u for u in updates_in_order(incident) if u.pk != update.pk]
    earlier, body, body_html = told_values(update), update.body, update.body_html
    fill(update, draft, fallback=update, incident=incident)
    check_order(update, others, incident=incident)
    if draft.scope is not None:
        check_scope(draft.scope, page=incident.page)
        save_scope(update, {service.pk: status for service, status in draft.scope.items()})
    now_told = told_values(update)
    if now_told == earlier:
        return update
    update.edited_at = times.now()
    update.save()
    UpdateRevision.objects.create(
        update=update,
        body=body,
        body_html=body_html,
        told=earlier,
        replaced_at=update.edited_at,
        replaced_by=actor,
    )
    LogEntry.objects.filter(update=update).update(happened_at=update.happened_at)
    _fold_corrected(incident, update, before=earlier, after=now_told, actor=actor)
    audit.record("edit_update", update, actor=actor, before=earlier, after=now_told)
    touch_incident(incident)
    return update


def _fold_corrected(
    incident: Incident, update: Update, *, before: dict[str, Any], after: dict[str, Any], actor: Staff | None
) -> None:
    """Folds again, and notes what that corrected of the incident itself: its scope, its end."""
    ended_before = ended_at(incident)
    fold_incident(incident)
    corrections.note(
        incident,
        Corrected.END,
        before=corrections.instant(ended_before),
        after=corrections.instant(ended_at(incident)),
        actor=actor,
    )
    corrections.note(
        incident,
        Corrected.SCOPE,
        before={"update": update.number, "scope": before["scope"]},
        after={"update": update.number, "scope": after["scope"]},
        actor=actor,
    )


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
    fill(update, draft, fallback=last, incident=incident)
    check_order(update, before, incident=incident)
    update.save()
    if update.stage in OVER:
        scope = dict.fromkeys(scope, ServiceStatus.OPERATIONAL.value)
    save_scope(update, scope)
    return update


def _promise_report(incident: Incident, update: Update, draft: Draft) -> None:
    if update.stage not in OVER:
        return
    if draft.report_due_on and draft.report_due_on != incident.report_due_on:
        check_report_day(draft.report_due_on, incident=incident)
        incident.report_due_on = draft.report_due_on
    if draft.promise_no_report:
        incident.report_due_on = None
