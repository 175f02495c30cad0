"""Writes an incident's state and impacts as the fold of its updates."""

from collections.abc import Mapping

from incidents.lib.languages import Texts
from incidents.models import Impact, Incident, IncidentState, Update, UpdateScope
from incidents.models.fold import fold
from incidents.queries.incident import told_by, updates_in_order


def save_scope(update: Update, scope: Mapping[int, str]) -> None:
    UpdateScope.objects.filter(update=update).delete()
    UpdateScope.objects.bulk_create(
        UpdateScope(update=update, service_id=service_id, status=status)
        for service_id, status in scope.items()
    )


def fold_incident(incident: Incident) -> None:
    """Folds all updates again and saves the incident and its impacts; it has at least one update."""
    folded = fold(
        [told_by(update) for update in updates_in_order(incident)],
        started_at=incident.started_at,
        ended_untold_at=incident.ended_untold_at,
    )
    incident.state = IncidentState.PUBLIC
    incident.publish_due_at = None
    if not incident.first_title:
        _keep_stem(incident)
    recovery = folded.recovery
    incident.estimate = recovery.kind
    incident.estimate_from, incident.estimate_until = recovery.from_at, recovery.until_at
    incident.texts = _with_folded(incident.texts, folded.texts)
    for name in (
        "stage",
        "severity",
        "concerned",
        "workaround",
        "next_update_at",
        "published_at",
        "resolved_at",
    ):
        setattr(incident, name, getattr(folded, name))
    incident.save()
    Impact.objects.filter(incident=incident).delete()
    Impact.objects.bulk_create(
        Impact(
            incident=incident,
            service_id=stretch.service_id,
            status=stretch.status,
            from_at=stretch.from_at,
            until_at=stretch.until_at,
        )
        for stretch in folded.impacts
    )


def _keep_stem(incident: Incident) -> None:
    """The title as it is first published, in every language: what each mail's subject will go on to say."""
    incident.first_title = incident.title
    incident.texts = {
        language: {**texts, "first_title": texts["title"]} if texts.get("title") else texts
        for language, texts in incident.texts.items()
    }


def _with_folded(texts: Texts, folded: Texts) -> dict[str, dict[str, str]]:
    """The titles stay; what updates tell is what the last of them told."""
    titles = {
        language: {name: text for name, text in own.items() if name in ("title", "first_title")}
        for language, own in texts.items()
    }
    merged = {
        language: {**titles.get(language, {}), **folded.get(language, {})} for language in {*titles, *folded}
    }
    return {language: own for language, own in sorted(merged.items()) if own}
