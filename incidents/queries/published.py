"""What there is to publish of a page, as cheap keys that change with it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from incidents.models import ENDED, OVER, Impact, Logo, Page, Report, ReportState
from incidents.queries.epoch import Second
from incidents.queries.incident_view import IncidentView, view_incidents
from incidents.queries.maintenance_view import MaintenanceView, Touched, due_at, touched_by, view_maintenances
from incidents.queries.shown import shown_incidents, shown_maintenances, shown_services
from incidents.queries.uptime import Hit


@dataclass(frozen=True)
class IncidentKey:
    """A public incident; `revision` changes with anything that is shown of it."""

    reference: str
    revision: int
    title: str
    stage: str
    started_at: datetime
    published_at: datetime
    resolved_at: datetime | None
    updated_at: datetime
    report_due_on: date | None

    @property
    def is_over(self) -> bool:
        return self.stage in OVER

    @property
    def version(self) -> tuple[int, datetime]:
        """Of what is shown of it: the instant too, since a restored database counts from where it was."""
        return self.revision, self.updated_at


@dataclass(frozen=True)
class ReportKey:
    """An issued report of a public incident."""

    number: str
    issued_on: date
    key: str


@dataclass(frozen=True)
class MaintenanceKey:
    """A planned maintenance; `revision` changes with anything that is shown of it."""

    id: str
    revision: int
    state: str
    scheduled_from: datetime
    scheduled_until: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cancelled_at: datetime | None
    created_at: datetime

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @property
    def due_at(self) -> datetime | None:
        return due_at(self.state, self.scheduled_from, self.scheduled_until)

    @property
    def touched(self) -> Touched | None:
        return touched_by(self.started_at, self.ended_at, self.cancelled_at)


def incident_keys(page: Page) -> tuple[IncidentKey, ...]:
    """The latest onset first."""
    rows = shown_incidents(page).order_by("-started_at", "-id")
    return tuple(
        IncidentKey(*row) for row in rows.values_list(*(field.name for field in fields(IncidentKey)))
    )


def hits_by_incident(page: Page, references: Sequence[str]) -> dict[str, list[Hit]]:
    """What each of these incidents told of the services that the page shows, by its reference."""
    found: dict[str, list[Hit]] = {reference: [] for reference in references}
    incidents = shown_incidents(page).filter(reference__in=found)
    rows = Impact.objects.filter(incident__in=incidents, service__in=shown_services(page)).order_by()
    fields = ("service_id", "status", Second("from_at"), Second("until_at"))
    for reference, *hit in rows.values_list("incident__reference", *fields):
        found[reference].append(Hit(*hit))
    return found


def load_incidents(page: Page, references: Sequence[str]) -> tuple[IncidentView, ...]:
    return view_incidents(shown_incidents(page).filter(reference__in=list(references)), page=page)


def report_keys(page: Page) -> tuple[ReportKey, ...]:
    """The latest issue first."""
    issued = Report.objects.filter(incident__in=shown_incidents(page), state=ReportState.ISSUED)
    rows = issued.order_by("-issued_on", "-id")
    return tuple(
        ReportKey(number, issued_on, f"{version} {revision}")
        for number, issued_on, version, revision in rows.values_list(
            "number", "issued_on", "version", "incident__revision"
        )
        if number and issued_on
    )


def maintenance_keys(page: Page) -> tuple[MaintenanceKey, ...]:
    """The latest window first."""
    names = ("public_id", "revision", "state", "scheduled_from", "scheduled_until")
    instants = ("started_at", "ended_at", "cancelled_at", "created_at")
    rows = shown_maintenances(page).order_by("-scheduled_from", "-id")
    return tuple(MaintenanceKey(*row) for row in rows.values_list(*names, *instants))


def load_maintenances(page: Page, ids: Sequence[str]) -> tuple[MaintenanceView, ...]:
    """The latest window first."""
    return view_maintenances(shown_maintenances(page).filter(public_id__in=list(ids)), page=page)[::-1]


def look_of(page: Page) -> list[object]:
    """All of a page that every published file may show: its settings and the names of the services on it."""
    settings = {field.attname: getattr(page, field.attname) for field in Page._meta.concrete_fields}
    settings.pop("revision")
    settings.pop("updated_at")
    services = shown_services(page).order_by("pk")
    names = services.values_list("pk", "slug", "name", "texts", "group__name", "group__texts")
    logos = Logo.objects.filter(page=page).values_list("digest", flat=True)
    return [settings, list(names), list(logos)]
