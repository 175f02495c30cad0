"""A public incident as every face shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from incidents.models import (
    OVER,
    Impact,
    Incident,
    Page,
    ReportState,
    ServiceStatus,
    Severity,
    Stage,
    Update,
    worst,
)
from incidents.models.fold import Change
from incidents.queries.incident import changes
from incidents.queries.shown import shown_incidents, shown_services


@dataclass(frozen=True)
class RevisionView:
    """What an update said before a correction, between the two instants."""

    stage: str
    body: str
    body_html: str
    from_at: datetime
    until_at: datetime

    @property
    def stage_label(self) -> str:
        return str(Stage(self.stage).label)


@dataclass(frozen=True)
class UpdateView:
    """`scope` maps a service's id to its status as told; `revisions` are the earlier texts, oldest first."""

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
    revisions: tuple[RevisionView, ...] = ()

    @property
    def stage_label(self) -> str:
        return str(Stage(self.stage).label)


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
    """A public incident; `updates` come newest first."""

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

    Of another page's incident only what hit services that this one shows is told as impact.
    """
    hit = Impact.objects.filter(service__in=shown_services(page)).select_related("service")
    found = incidents.select_related("report").prefetch_related(
        "updates__scope", "updates__revisions", Prefetch("impacts", queryset=hit)
    )
    return tuple(_view(incident) for incident in found.order_by("-started_at", "-id"))


def find_public(page: Page, reference: str) -> IncidentView | None:
    views = view_incidents(shown_incidents(page).filter(reference=reference), page=page)
    return views[0] if views else None


def _view(incident: Incident) -> IncidentView:
    updates = sorted(incident.updates.all(), key=lambda u: (u.happened_at, u.number))
    changed = changes(updates)
    report = getattr(incident, "report", None)
    issued = report is not None and report.state == ReportState.ISSUED
    assert incident.published_at is not None
    return IncidentView(
        id=incident.pk,
        reference=incident.reference,
        title=incident.title,
        stage=incident.stage,
        severity=incident.severity,
        concerned=incident.concerned,
        workaround=incident.workaround,
        started_at=incident.started_at,
        published_at=incident.published_at,
        updated_at=incident.updated_at,
        resolved_at=incident.resolved_at,
        next_update_at=incident.next_update_at,
        updates=tuple(_update_view(update, changed[update.pk]) for update in reversed(updates)),
        impacts=tuple(_impact_view(impact) for impact in incident.impacts.all()),
        report_number=report.number if report and issued else None,
        report_issued_at=report.issued_at if report and issued else None,
        report_pending=report is not None and not issued,
    )


def _update_view(update: Update, change: Change) -> UpdateView:
    return UpdateView(
        id=update.pk,
        number=update.number,
        stage=update.stage,
        severity=update.severity,
        body=update.body,
        body_html=update.body_html,
        scope={row.service_id: row.status for row in update.scope.all()},
        change=change,
        happened_at=update.happened_at,
        published_at=update.published_at,
        edited_at=update.edited_at,
        next_update_at=update.next_update_at,
        revisions=tuple(_revision_views(update)),
    )


def _revision_views(update: Update) -> Iterable[RevisionView]:
    from_at = update.published_at
    for revision in update.revisions.all():
        yield RevisionView(
            stage=revision.told.get("stage", update.stage),
            body=revision.body,
            body_html=revision.body_html,
            from_at=from_at,
            until_at=revision.replaced_at,
        )
        from_at = revision.replaced_at


def _impact_view(impact: Impact) -> ImpactView:
    return ImpactView(
        service_id=impact.service_id,
        service=impact.service.name,
        slug=impact.service.slug,
        status=ServiceStatus(impact.status),
        from_at=impact.from_at,
        until_at=impact.until_at,
    )
