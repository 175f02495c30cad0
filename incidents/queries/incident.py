"""What is so of an incident: its updates in order, what each changed, what is due."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef

from incidents.models import (
    Incident,
    IncidentState,
    Service,
    Signal,
    Update,
)
from incidents.models.fold import Change, Told, change_of


def told_by(update: Update) -> Told:
    """What an update told, as the fold takes it; its scope must be prefetched where many are asked."""
    return Told(
        at=update.happened_at,
        stage=update.stage,
        severity=update.severity,
        scope={row.service_id: row.status for row in update.scope.all()},
        concerned=update.concerned,
        workaround=update.workaround,
        next_update_at=update.next_update_at,
        recovered_at=update.recovered_at,
    )


def updates_in_order(incident: Incident) -> list[Update]:
    return list(incident.updates.order_by("happened_at", "number").prefetch_related("scope"))


def changes(updates: Iterable[Update]) -> dict[int, Change]:
    """What each update changed, by the update's id; `updates` come in the order they were told."""
    ordered = list(updates)
    told = [told_by(update) for update in ordered]
    befores: list[Told | None] = [None, *told]
    return {
        update.pk: change_of(now, before=before)
        for update, now, before in zip(ordered, told, befores, strict=False)
    }


def lock_incident(incident_id: int) -> Incident:
    """The incident with its page, its own row held to the end of the transaction."""
    return Incident.objects.select_for_update(of=("self",)).select_related("page").get(pk=incident_id)


def drafts_due(*, now: datetime) -> list[Incident]:
    """Drafts that their service's policy publishes by itself, the longest due first.

    One whose monitors all recovered, or were paused by people who know, waits for a person.
    """
    failing = Signal.objects.filter(incident=OuterRef("pk"), ended_at=None)
    due = Incident.objects.filter(Exists(failing), state=IncidentState.DRAFT, publish_due_at__lte=now)
    return list(due.select_related("page").order_by("publish_due_at"))


def refreshed(incident: Incident) -> Incident:
    """The incident as the database has it now, with its page."""
    return Incident.objects.select_related("page").get(pk=incident.pk)


def proposed_scope(incident: Incident) -> dict[Service, str]:
    """What a draft supposes to be hit: its services with their proposed status."""
    return {impact.service: impact.status for impact in incident.impacts.select_related("service")}
