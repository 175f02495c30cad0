"""Past and present incidents as the history's search finds them: little of each, many at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from incidents.models import Impact, Incident, Page, ServiceStatus, Update, worst
from incidents.queries.shown import shown_incidents, shown_services

Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Entry:
    """`latest` is the Markdown of the last update, `latest_texts` the same in other languages."""

    reference: str
    title: str
    texts: Texts
    stage: str
    started_at: datetime
    ended_at: datetime | None
    status: ServiceStatus
    services: tuple[str, ...]
    latest: str
    latest_texts: Texts


def search_entries(page: Page, references: Sequence[str]) -> tuple[Entry, ...]:
    """The latest onset first; `services` are slugs. The number of queries does not grow with them."""
    incidents = shown_incidents(page).filter(reference__in=list(references)).order_by("-started_at", "-id")
    impacts: dict[int, list[Impact]] = defaultdict(list)
    shown = Impact.objects.filter(incident__in=incidents.order_by(), service__in=shown_services(page))
    for impact in shown.select_related("service"):
        impacts[impact.incident_id].append(impact)
    last = Update.objects.filter(incident=OuterRef("pk")).order_by("-happened_at", "-number").values("pk")[:1]
    updates = Update.objects.filter(pk__in=incidents.order_by().values(last=Subquery(last)))
    latest = {update.incident_id: update for update in updates.only("incident_id", "body", "texts")}
    return tuple(_entry(one, impacts[one.pk], latest.get(one.pk)) for one in incidents)


def _entry(incident: Incident, impacts: Sequence[Impact], latest: Update | None) -> Entry:
    ends = [impact.until_at for impact in impacts if impact.until_at]
    return Entry(
        reference=incident.reference,
        title=incident.title,
        texts=incident.texts,
        stage=incident.stage,
        started_at=incident.started_at,
        ended_at=None if incident.is_open else max(ends, default=incident.resolved_at),
        status=worst(impact.status for impact in impacts),
        services=tuple(dict.fromkeys(impact.service.slug for impact in impacts)),
        latest=latest.body if latest else "",
        latest_texts=latest.texts if latest else {},
    )


def service_names(page: Page) -> dict[str, dict[str, str]]:
    """The names of each service that the page shows by language, by its slug."""
    rows = shown_services(page).values_list("slug", "name", "texts", "page__languages")
    return {
        slug: {first: name, **{language: told["name"] for language, told in texts.items() if "name" in told}}
        for slug, name, texts, (first, *_others) in rows
    }
