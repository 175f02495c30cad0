"""Prepares the composer of an incident from what its record says so far."""

from collections.abc import Sequence
from typing import Any

from incidents.actions import wording
from incidents.console.update_forms import AT, NONE, ComposerForm, UpdateForm
from incidents.lib import times
from incidents.models import Incident, Service, Severity, Stage, Update

OPEN_STAGES = (Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.MONITORING)


def compose(
    incident: Incident, *, services: Sequence[Service], last: Update | None, data: Any = None
) -> ComposerForm:
    """The next update: `last` is the one before it; without one the draft's proposal stands."""
    return ComposerForm(
        data,
        hold_seconds=incident.page.hold_seconds,
        services=services,
        told=_told(last) if last else _proposed(incident),
        stages=_stages(incident, last=last),
        initial=_promising(_standing(last) if last else _first(incident, services=services)),
    )


def correct(update: Update, *, services: Sequence[Service], is_first: bool, data: Any = None) -> UpdateForm:
    """A published update, to be corrected."""
    initial = _standing(update) | {
        "body": update.body,
        "promise": AT if update.next_update_at else NONE,
    }
    return UpdateForm(
        data,
        services=services,
        told=_told(update),
        stages=OPEN_STAGES if is_first else tuple(Stage),
        initial=initial,
        original=update,
    )


def _stages(incident: Incident, *, last: Update | None) -> Sequence[Stage]:
    if last is None:
        return OPEN_STAGES
    return OPEN_STAGES + ((Stage.RESOLVED,) if incident.is_open else (Stage.RESOLVED, Stage.POSTMORTEM))


def _standing(update: Update) -> dict[str, Any]:
    names = ("stage", "severity", "concerned", "workaround")
    return {name: getattr(update, name) for name in names}


def _promising(initial: dict[str, Any]) -> dict[str, Any]:
    """Proposes the time of the next update, for those who want to change it a little."""
    return initial | {"next_update_at": times.now() + Severity(initial["severity"]).promise}


def _first(incident: Incident, *, services: Sequence[Service]) -> dict[str, Any]:
    hit = _proposed(incident)
    names = [service.name for service in services if service.pk in hit]
    body = wording.first_update(names, language=incident.page.first_language) if names else ""
    return {"stage": Stage.INVESTIGATING, "severity": incident.severity, "body": body}


def _told(update: Update) -> dict[int, str]:
    return {row.service_id: row.status for row in update.scope.all()}


def _proposed(incident: Incident) -> dict[int, str]:
    return {impact.service_id: impact.status for impact in incident.impacts.all()}
