"""Prepares the composer of an incident from what its record says so far."""

from collections.abc import Sequence
from typing import Any

from incidents.actions import wording
from incidents.console.update_forms import (
    ABOUT,
    AT,
    BETWEEN,
    NONE,
    SILENT,
    UNKNOWN,
    ComposerForm,
    UpdateCorrectionForm,
)
from incidents.lib import times
from incidents.lib.languages import Texts
from incidents.models import Incident, Service, Severity, Stage, Update
from incidents.queries.report_promise import proposed_day

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
        languages=incident.page.languages[1:],
        texts=_texts_standing(last) if last else _first_texts(incident, services=services),
        initial=_promising(_standing(last) if last else _first(incident, services=services), incident),
    )


def correct(
    update: Update, *, services: Sequence[Service], is_first: bool, data: Any = None
) -> UpdateCorrectionForm:
    """A published update, to be corrected."""
    initial = _standing(update) | {
        "body": update.body,
        "promise": AT if update.next_update_at else NONE,
        "estimate": _estimate_choice(update),
        "version": len(update.revisions.all()),
    }
    return UpdateCorrectionForm(
        data,
        services=services,
        told=_told(update),
        stages=OPEN_STAGES if is_first else tuple(Stage),
        languages=update.incident.page.languages[1:],
        texts=update.texts,
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


def _estimate_choice(update: Update) -> str:
    told = update.recovery
    if not told:
        return SILENT
    return UNKNOWN if told.is_undecided else BETWEEN if told.is_range else ABOUT


def _promising(initial: dict[str, Any], incident: Incident) -> dict[str, Any]:
    """Proposes the time of the next update and the day of the report, for those who want to change them a
    little."""
    today = times.now().astimezone(incident.page.zone).date()
    proposed = proposed_day(incident.page, today=today) if incident.is_open else None
    return initial | {
        "next_update_at": times.now() + Severity(initial["severity"]).promise,
        "report_due_on": incident.report_due_on or proposed,
    }


def _texts_standing(last: Update) -> Texts:
    """All but the words of the update itself, which are always new."""
    return {
        language: {name: text for name, text in texts.items() if name in ("concerned", "workaround")}
        for language, texts in last.texts.items()
    }


def _first_texts(incident: Incident, *, services: Sequence[Service]) -> Texts:
    return {language: {"body": body} for language, body in _first_bodies(incident, services=services).items()}


def _first_bodies(incident: Incident, *, services: Sequence[Service]) -> dict[str, str]:
    """The fixed words for what the draft proposes, by their language."""
    hit = _proposed(incident)
    named = [service for service in services if service.pk in hit]
    if not named:
        return {}
    return {said.language: said.text for said in wording.first_updates(named, page=incident.page)}


def _first(incident: Incident, *, services: Sequence[Service]) -> dict[str, Any]:
    body = _first_bodies(incident, services=services).get(incident.page.first_language, "")
    return {"stage": Stage.INVESTIGATING, "severity": incident.severity, "body": body}


def _told(update: Update) -> dict[int, str]:
    return {row.service_id: row.status for row in update.scope.all()}


def _proposed(incident: Incident) -> dict[int, str]:
    return {impact.service_id: impact.status for impact in incident.impacts.all()}
