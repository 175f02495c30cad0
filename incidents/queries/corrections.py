"""What a correction changed, with both values, in one language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from incidents.lib.languages import said, said_by
from incidents.models import (
    Corrected,
    Incident,
    IncidentCorrection,
    RecoveryEstimate,
    Service,
    ServiceStatus,
    Severity,
    Stage,
    Update,
)

INSTANTS = ("happened_at", "next_update_at", "estimate_from", "estimate_until", "recovered_at")
TEXTS = ("concerned", "workaround")
LABELS = {
    "stage": _("Status"),
    "severity": _("Severity"),
    "happened_at": _("Time of this update"),
    "scope": _("Affected services"),
    "concerned": _("Who is concerned"),
    "workaround": _("What you can do"),
    "next_update_at": _("Next update by"),
    "estimate": _("Estimated recovery"),
    "recovered_at": _("Recovered at"),
    **{corrected.value: corrected.label for corrected in Corrected},
}


@dataclass(frozen=True)
class Hit:
    service: str
    status: ServiceStatus


Value = str | datetime | RecoveryEstimate | tuple[Hit, ...] | None


@dataclass(frozen=True)
class CorrectedFact:
    """`what` is a field of an update or one of `Corrected`; `shape` says what the two values are: a text,
    one of the words that have a label, an instant (None: none, or not yet), an estimate or a scope."""

    what: str
    shape: str
    before: Value
    after: Value

    @property
    def label(self) -> str:
        return str(LABELS[self.what])


@dataclass(frozen=True)
class CorrectionView:
    """A corrected fact of the incident itself; `update` is the number of the one that told it, for a scope."""

    fact: CorrectedFact
    corrected_at: datetime
    update: int | None


@dataclass(frozen=True)
class Tongue:
    """The language that is asked for, the first of the page that tells, and the services that may be named."""

    language: str
    first: str
    services: Mapping[int, Service]

    def name(self, service_id: int) -> str:
        return said_by(self.services[service_id], "name", language=self.language, first=self.first).text

    def text(self, told: Mapping[str, Any], field: str) -> str:
        texts = told.get("texts", {})
        return said(told.get(field, ""), texts, field=field, language=self.language, first=self.first).text


def written(at: datetime | None) -> str | None:
    """In UTC, so that one instant is one text, whichever zone it came in."""
    return at.astimezone(UTC).isoformat() if at else None


def told_values(update: Update) -> dict[str, Any]:
    """All that an update tells, as JSON: what its revisions keep."""
    return {
        "stage": update.stage,
        "severity": update.severity,
        "body": update.body,
        "concerned": update.concerned,
        "workaround": update.workaround,
        "estimate": update.estimate,
        "texts": update.texts,
        "scope": {
            str(row.service_id): row.status
            for row in sorted(update.scope.all(), key=lambda row: row.service_id)
        },
        **{name: written(getattr(update, name)) for name in INSTANTS},
    }


def ids_told(incidents: Iterable[Incident]) -> set[int]:
    """Every service that these incidents speak of or ever spoke of."""
    ids: set[int] = set()
    for incident in incidents:
        ids |= {impact.service_id for impact in incident.impacts.all()}
        ids |= {row.service_id for update in incident.updates.all() for row in update.scope.all()}
        told = [revision.told for update in incident.updates.all() for revision in update.revisions.all()]
        told += [values for one in incident.corrections.all() for values in (one.before, one.after)]
        ids |= {int(service_id) for values in told for service_id in values.get("scope", {})}
    return ids


def corrected_facts(
    before: Mapping[str, Any], after: Mapping[str, Any], tongue: Tongue
) -> tuple[CorrectedFact, ...]:
    """What else than its words an update told otherwise before."""
    pairs = [
        ("stage", "label", Stage(before["stage"]), Stage(after["stage"])),
        ("severity", "label", Severity(before["severity"]), Severity(after["severity"])),
        ("happened_at", "instant", _instant(before, "happened_at"), _instant(after, "happened_at")),
        ("scope", "scope", _scope(before, tongue), _scope(after, tongue)),
        *((name, "text", tongue.text(before, name), tongue.text(after, name)) for name in TEXTS),
        ("next_update_at", "instant", _instant(before, "next_update_at"), _instant(after, "next_update_at")),
        ("estimate", "estimate", _estimate(before), _estimate(after)),
        ("recovered_at", "instant", _instant(before, "recovered_at"), _instant(after, "recovered_at")),
    ]
    return tuple(CorrectedFact(*pair) for pair in pairs if pair[2] != pair[3])


def view_correction(correction: IncidentCorrection, tongue: Tongue) -> CorrectionView | None:
    """None where nothing changed for a reader of the language: a title of another one was corrected."""
    before, after = (
        _value(correction.what, values, tongue) for values in (correction.before, correction.after)
    )
    if before == after:
        return None
    shape = {Corrected.TITLE: "text", Corrected.SCOPE: "scope"}.get(Corrected(correction.what), "instant")
    fact = CorrectedFact(correction.what, shape, before, after)
    return CorrectionView(fact, correction.corrected_at, correction.after.get("update"))


def _value(what: str, values: Mapping[str, Any], tongue: Tongue) -> Value:
    if what == Corrected.TITLE:
        return str(values["titles"].get(tongue.language) or values["title"])
    return _scope(values, tongue) if what == Corrected.SCOPE else _instant(values, "at")


def _instant(told: Mapping[str, Any], name: str) -> datetime | None:
    value = told.get(name)
    return datetime.fromisoformat(value) if value else None


def _estimate(told: Mapping[str, Any]) -> RecoveryEstimate:
    return RecoveryEstimate(
        told.get("estimate", ""), _instant(told, "estimate_from"), _instant(told, "estimate_until")
    )


def _scope(told: Mapping[str, Any], tongue: Tongue) -> tuple[Hit, ...]:
    scope = {int(service_id): status for service_id, status in told.get("scope", {}).items()}
    return tuple(
        Hit(tongue.name(service_id), ServiceStatus(status))
        for service_id, status in scope.items()
        if service_id in tongue.services
    )
