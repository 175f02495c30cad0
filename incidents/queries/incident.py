"""What is so of an incident: its updates in order, what each changed, what is due."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from incidents.lib import times
from incidents.models import (
    Incident,
    IncidentState,
    RecoveryEstimate,
    Service,
    Signal,
    Staff,
    Update,
)
from incidents.models.estimate import UNSAID
from incidents.models.fold import Change, Told, change_of, standing_estimates

JUST = timedelta(seconds=10)


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
        recovery=update.recovery,
        texts={
            language: {name: text for name, text in texts.items() if name in ("concerned", "workaround")}
            for language, texts in update.texts.items()
        },
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


def estimates_before(updates: Iterable[Update]) -> dict[int, RecoveryEstimate]:
    """What was said of the recovery just before each update, by the update's id; in the order they were told."""
    ordered = list(updates)
    standing = standing_estimates([told_by(update) for update in ordered])
    return {update.pk: before for update, before in zip(ordered, [UNSAID, *standing], strict=False)}


def has_just_published(incident: Incident, *, by: Staff) -> bool:
    """Whether this person published the incident's first update within the last ten seconds."""
    since = times.now() - JUST
    return incident.updates.filter(number=1, created_by=by, published_at__gte=since).exists()


def ended_at(incident: Incident) -> datetime | None:
    """When its services had really recovered, which may be before that was told; None while it lasts."""
    if incident.is_open:
        return None
    ends = [impact.until_at for impact in incident.impacts.all() if impact.until_at]
    return max(ends, default=incident.resolved_at)


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
