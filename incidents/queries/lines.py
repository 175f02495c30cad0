"""Incidents as one line each of a long list: little of each, many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.models import OVER, Incident, Page, ServiceStatus, Stage, worst
from incidents.queries.corrections import Tongue
from incidents.queries.search import Hit, hits_of
from incidents.queries.shown import shown_incidents, shown_services
from incidents.queries.update_view import fallbacks_of, texts_of


@dataclass(frozen=True)
class IncidentLine:
    """In one language; `fallbacks` as in an IncidentView."""

    reference: str
    title: str
    stage: str
    status: ServiceStatus
    started_at: datetime
    ended_at: datetime | None
    services: tuple[str, ...]
    fallbacks: Mapping[str, str]

    @property
    def stage_label(self) -> str:
        return str(Stage(self.stage).label)


def incident_lines(page: Page, references: Sequence[str], *, language: str) -> tuple[IncidentLine, ...]:
    """In no order. The number of queries does not grow with them."""
    shown = shown_incidents(page).filter(reference__in=list(references))
    hits = hits_of(page, shown)
    services = {service.pk: service for service in shown_services(page)}
    fields = ("reference", "title", "texts", "stage", "started_at", "resolved_at", "page__languages")
    rows = shown.select_related("page").only(*fields)
    return tuple(
        _line(row, hits[row.pk], Tongue(language, row.page.first_language, services)) for row in rows
    )


def _line(incident: Incident, hits: Sequence[Hit], tongue: Tongue) -> IncidentLine:
    texts = texts_of(incident, ("title",), tongue)
    ended_at = max((hit.until_at for hit in hits if hit.until_at), default=incident.resolved_at)
    return IncidentLine(
        reference=incident.reference,
        title=texts["title"].text,
        stage=incident.stage,
        status=worst(hit.status for hit in hits),
        started_at=incident.started_at,
        ended_at=ended_at if incident.stage in OVER else None,
        services=tuple(dict.fromkeys(tongue.name(hit.service_id) for hit in hits)),
        fallbacks=fallbacks_of(texts, tongue),
    )
