"""A public incident as every face shows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.db.models import Prefetch, QuerySet

from incidents.models import (
    OVER,
    Impact,
    Incident,
    Page,
    RecoveryEstimate,
    ServiceStatus,
    Severity,
    Stage,
    worst,
)
from incidents.models.estimate import UNSAID
from incidents.queries.corrections import (
    CorrectionView,
    Tongue,
    ids_told,
    view_correction,
)
from incidents.queries.incident import changes, estimates_before
from incidents.queries.report import light_editions, standing_of
from incidents.queries.shown import shown_incidents, shown_services
from incidents.queries.update_view import UpdateView, fallbacks_of, texts_of, view_update


@dataclass(frozen=True)
class ImpactView:
    service_id: int
    service: str
    slug: str
    status: ServiceStatus
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True)
class IncidentView:
    """A public incident, in one language; `updates` come newest first, and so do `corrections`.

    `fallbacks` names the texts that nobody wrote in that language, each with the language it is in instead.
    """

    id: int
    reference: str
    title: str
    stage: str
    severity: str
    concerned: str
    workaround: str
    started_at: datetime
    published_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    next_update_at: datetime | None
    updates: tuple[UpdateView, ...]
    impacts: tuple[ImpactView, ...]
    report_number: str | None
    report_issued_at: datetime | None
    report_pending: bool
    report_withdrawn: bool = False
    report_due_on: date | None = None
    recovery: RecoveryEstimate = UNSAID
    corrections: tuple[CorrectionView, ...] = ()
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    _tell: "Callable[[str], IncidentView] | None" = field(default=None, repr=False, compare=False)

    def in_language(self, language: str) -> "IncidentView":
        return self._tell(language) if self._tell else self

    @property
    def is_over(self) -> bool:
        return self.stage in OVER

    @property
    def ended_at(self) -> datetime | None:
        """When the services had really recovered, which may be before it was told; None while it lasts."""
        if not self.is_over:
            return None
        return max((i.until_at for i in self.impacts if i.until_at), default=self.resolved_at)

    @property
    def news(self) -> str:
        """Changes with each update."""
        return f"{self.reference}#{len(self.updates)}"

    @property
    def stage_label(self) -> str:
        return str(Stage(self.stage).label)

    @property
    def severity_label(self) -> str:
        return str(Severity(self.severity).label)

    @property
    def latest(self) -> UpdateView | None:
        return self.updates[0] if self.updates else None

    @property
    def earlier(self) -> tuple[UpdateView, ...]:
        return self.updates[1:]

    @property
    def open_impacts(self) -> tuple[ImpactView, ...]:
        """Where services stand now: nothing once the incident is over."""
        return tuple(impact for impact in self.impacts if impact.until_at is None)

    @property
    def worst_impacts(self) -> tuple[ImpactView, ...]:
        """One impact a service: the worst it had."""
        found: dict[str, ImpactView] = {}
        for impact in self.impacts:
            known = found.get(impact.slug)
            if known is None or worst([impact.status, known.status]) != known.status:
                found[impact.slug] = impact
        return tuple(found.values())

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(impact.service for impact in self.impacts))

    @property
    def status(self) -> ServiceStatus:
        """The worst that the incident did to any service."""
        return worst(impact.status for impact in self.impacts)


def view_incidents(incidents: QuerySet[Incident], *, page: Page) -> tuple[IncidentView, ...]:
    """Incidents as `page` shows them, in a number of queries that does not grow with them.

    Of another page's incident only what concerns services that this one shows is told as impact and scope.
    They come in the first language of `page`; `in_language` answers the same incident in another one.
    """
    services = shown_services(page)
    hit = Impact.objects.filter(service__in=services)
    found = incidents.select_related("report", "page").prefetch_related(
        "updates__scope",
        "updates__revisions",
        Prefetch("impacts", queryset=hit),
        "corrections",
        Prefetch("report__editions", queryset=light_editions()),
    )
    rows = list(found.order_by("-started_at", "-id"))
    named = services.in_bulk(ids_told(rows))
    return tuple(_view(row, Tongue(page.first_language, row.page.first_language, named)) for row in rows)


def find_public(page: Page, reference: str) -> IncidentView | None:
    views = view_incidents(shown_incidents(page).filter(reference=reference), page=page)
    return views[0] if views else None


def _view(incident: Incident, tongue: Tongue) -> IncidentView:
    updates = sorted(incident.updates.all(), key=lambda u: (u.happened_at, u.number))
    changed, before = changes(updates), estimates_before(updates)
    texts = texts_of(incident, ("title", "concerned", "workaround"), tongue)
    corrections = (view_correction(one, tongue) for one in incident.corrections.all())
    report = getattr(incident, "report", None)
    standing = standing_of(report) if report else None
    was_issued = report is not None and report.issued_at is not None
    assert incident.published_at is not None
    return IncidentView(
        id=incident.pk,
        reference=incident.reference,
        title=texts["title"].text,
        stage=incident.stage,
        severity=incident.severity,
        concerned=texts["concerned"].text,
        workaround=texts["workaround"].text,
        started_at=incident.started_at,
        published_at=incident.published_at,
        updated_at=incident.updated_at,
        resolved_at=incident.resolved_at,
        next_update_at=incident.next_update_at,
        recovery=incident.recovery,
        updates=tuple(
            view_update(update, changed[update.pk], before[update.pk], tongue) for update in reversed(updates)
        ),
        impacts=tuple(_impact_view(impact, tongue) for impact in incident.impacts.all()),
        corrections=tuple(correction for correction in corrections if correction),
        report_number=standing.number if standing else None,
        report_issued_at=standing.issued_at if standing else None,
        report_pending=report is not None and not was_issued,
        report_withdrawn=standing is not None and standing.is_withdrawn,
        report_due_on=None if was_issued else incident.report_due_on,
        fallbacks=fallbacks_of(texts, tongue),
        _tell=lambda language: _view(incident, replace(tongue, language=language)),
    )


def _impact_view(impact: Impact, tongue: Tongue) -> ImpactView:
    return ImpactView(
        service_id=impact.service_id,
        service=tongue.name(impact.service_id),
        slug=tongue.services[impact.service_id].slug,
        status=ServiceStatus(impact.status),
        from_at=impact.from_at,
        until_at=impact.until_at,
    )
