"""Past and present incidents as the history's search finds them: little of each, many at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery

from incidents.models import OVER, Impact, Incident, Page, ServiceStatus, Update, worst
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


class Hit(NamedTuple):
    service_id: int
    slug: str
    status: str
    until_at: datetime | None


class _Told(NamedTuple):
    body: str
    texts: Texts


def search_entries(page: Page, references: Sequence[str]) -> tuple[Entry, ...]:
    """The latest onset first; `services` are slugs. The number of queries does not grow with them."""
    shown = shown_incidents(page).filter(reference__in=list(references))
    hits, latest = hits_of(page, shown), _latest(shown)
    fields = ("reference", "title", "texts", "stage", "started_at", "resolved_at")
    rows = shown.only(*fields).order_by("-started_at", "-id")
    return tuple(_entry(row, hits[row.pk], latest.get(row.pk, _Told("", {}))) for row in rows)


def _entry(incident: Incident, hits: Sequence[Hit], latest: _Told) -> Entry:
    ended_at = max((hit.until_at for hit in hits if hit.until_at), default=incident.resolved_at)
    return Entry(
        reference=incident.reference,
        title=incident.title,
        texts=incident.texts,
        stage=incident.stage,
        started_at=incident.started_at,
        ended_at=ended_at if incident.stage in OVER else None,
        status=worst(hit.status for hit in hits),
        services=tuple(dict.fromkeys(hit.slug for hit in hits)),
        latest=latest.body,
        latest_texts=latest.texts,
    )


def hits_of(page: Page, incidents: QuerySet[Incident]) -> dict[int, list[Hit]]:
    """Without those of services that the page does not show."""
    found: dict[int, list[Hit]] = defaultdict(list)
    rows = Impact.objects.filter(incident__in=incidents.order_by(), service__in=shown_services(page))
    fields = ("incident_id", "service_id", "service__slug", "status", "until_at")
    for incident_id, *hit in rows.values_list(*fields):
        found[incident_id].append(Hit(*hit))
    return found


def _latest(incidents: QuerySet[Incident]) -> dict[int, _Told]:
    last = Update.objects.filter(incident=OuterRef("pk")).order_by("-happened_at", "-number").values("pk")[:1]
    rows = Update.objects.filter(pk__in=incidents.order_by().values(last=Subquery(last)))
    told = rows.values_list("incident_id", "body", "texts")
    return {incident_id: _Told(body, texts) for incident_id, body, texts in told}


def service_names(page: Page) -> dict[str, dict[str, str]]:
    """The names of each service that the page shows by language, by its slug."""
    rows = shown_services(page).values_list("slug", "name", "texts", "page__languages")
    return {
        slug: {first: name, **{language: told["name"] for language, told in texts.items() if "name" in told}}
        for slug, name, texts, (first, *_others) in rows
    }
