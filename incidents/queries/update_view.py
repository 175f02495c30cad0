"""One update of an incident as every face shows it, with what it said before it was corrected."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from incidents.lib.languages import Said, said_by
from incidents.models import Incident, RecoveryEstimate, Stage, Update, UpdateRevision
from incidents.models.estimate import UNSAID
from incidents.models.fold import Change
from incidents.queries.corrections import CorrectedFact, Tongue, corrected_facts, told_values


@dataclass(frozen=True)
class RevisionView:
    """What an update said before a correction, between the two instants; `facts` are what it told otherwise
    beside its words, each with the value that replaced it."""

    stage: str
    body: str
    body_html: str
    from_at: datetime
    until_at: datetime
    is_reworded: bool
    facts: tuple[CorrectedFact, ...]

    @property
    def stage_label(self) -> str:
        return str(Stage(self.stage).label)


@dataclass(frozen=True)
class UpdateView:
    """`scope` maps a service's id to its status as told; `revisions` are the earlier texts, oldest first.

    `recovery` is what this update said of the recovery to come, `recovery_before` what stood until then.
    `fallbacks` as in an incident.
    """

    id: int
    number: int
    stage: str
    severity: str
    body: str
    body_html: str
    scope: Mapping[int, str]
    change: Change
    happened_at: datetime
    published_at: datetime
    edited_at: datetime | None
    next_update_at: datetime | None
    recovery: RecoveryEstimate = UNSAID
    recovery_before: RecoveryEstimate = UNSAID
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    revisions: tuple[RevisionView, ...] = ()

    @property
    def stage_label(self) -> str:
        return str(Stage(self.stage).label)

    @property
    def recovery_has_moved(self) -> bool:
        return bool(self.recovery and self.recovery_before) and self.recovery != self.recovery_before


def view_update(update: Update, change: Change, before: RecoveryEstimate, tongue: Tongue) -> UpdateView:
    texts = texts_of(update, ("body", "body_html"), tongue)
    return UpdateView(
        id=update.pk,
        number=update.number,
        stage=update.stage,
        severity=update.severity,
        body=texts["body"].text,
        body_html=texts["body_html"].text,
        scope={row.service_id: row.status for row in update.scope.all()},
        change=change,
        happened_at=update.happened_at,
        published_at=update.published_at,
        edited_at=update.edited_at,
        next_update_at=update.next_update_at,
        recovery=update.recovery,
        recovery_before=before,
        fallbacks=fallbacks_of(texts, tongue),
        revisions=tuple(_revision_views(update, tongue)),
    )


def _revision_views(update: Update, tongue: Tongue) -> Iterable[RevisionView]:
    revisions = list(update.revisions.all())
    from_at = update.published_at
    for revision, told, later in zip(revisions, *_versions(update, revisions), strict=True):
        body = tongue.text(told, "body")
        yield RevisionView(
            stage=told["stage"],
            body=body,
            body_html=tongue.text(told, "body_html"),
            from_at=from_at,
            until_at=revision.replaced_at,
            is_reworded=body != tongue.text(later, "body"),
            facts=corrected_facts(told, later, tongue),
        )
        from_at = revision.replaced_at


def _versions(
    update: Update, revisions: Sequence[UpdateRevision]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All that each revision told, and all that replaced it; what is not on record was as it became."""
    versions = [{**told_values(update), "body_html": update.body_html}]
    for revision in reversed(revisions):
        words = {"body": revision.body, "body_html": revision.body_html}
        versions.insert(0, {**versions[0], **revision.told, **words})
    return versions[:-1], versions[1:]


def texts_of(row: Incident | Update, fields: Iterable[str], tongue: Tongue) -> dict[str, Said]:
    return {name: said_by(row, name, language=tongue.language, first=tongue.first) for name in fields}


def fallbacks_of(texts: Mapping[str, Said], tongue: Tongue) -> dict[str, str]:
    return {name: text.language for name, text in texts.items() if text.language != tongue.language}
