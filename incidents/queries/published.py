"""What there is to publish of a page, as cheap keys that change with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from django.db.models import Prefetch

from incidents.models import ENDED, OVER, Impact, IssuedEdition, IssuedFile, Logo, Page, Report
from incidents.queries.epoch import Second
from incidents.queries.incident_view import IncidentView, view_incidents
from incidents.queries.maintenance_view import MaintenanceView, Touched, due_at, touched_by, view_maintenances
from incidents.queries.report import light_editions, reports_on
from incidents.queries.shown import shown_incidents, shown_maintenances, shown_services
from incidents.queries.uptime import Hit

TEXTS = (
    "what_happened",
    "scope",
    "cause",
    "measures",
    "apology",
    "greeting",
    "texts",
    "parties",
    "confirmed",
)


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
class EditionKey:
    """`files` maps the name of each file to its media type and digest."""

    id: int
    revision: int
    is_withdrawn: bool
    shows_text: bool
    files: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class ReportKey:
    """A report on the page. `editions` are those of its frozen ones that are there, the newest first; one from the
    past has none."""

    number: str
    issued_on: date
    language: str
    key: str
    editions: tuple[EditionKey, ...] = ()

    @property
    def is_withdrawn(self) -> bool:
        return bool(self.editions) and self.editions[0].is_withdrawn


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
    """The latest issue first. One that was frozen changes with its editions, one from the past with its record."""
    files = Prefetch("files", queryset=IssuedFile.objects.defer("body"))
    editions = Prefetch("editions", queryset=light_editions().prefetch_related(files))
    rows = reports_on(page).select_related("incident").defer(*TEXTS).prefetch_related(editions)
    return tuple(_report_key(report) for report in rows)


def _report_key(report: Report) -> ReportKey:
    editions = tuple(_edition_key(edition) for edition in report.editions.all() if edition.is_on_page)
    told = " ".join(f"{edition.id}{'withdrawn' if edition.is_withdrawn else ''}" for edition in editions)
    assert report.number is not None and report.issued_on is not None
    return ReportKey(
        number=report.number,
        issued_on=report.issued_on,
        language=report.language,
        key=told or f"{report.version} {report.incident.revision}",
        editions=editions,
    )


def _edition_key(edition: IssuedEdition) -> EditionKey:
    return EditionKey(
        id=edition.pk,
        revision=edition.revision,
        is_withdrawn=edition.withdrawn_at is not None,
        shows_text=edition.shows_text,
        files={file.name: (file.media_type, file.digest) for file in edition.files.all()},
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
