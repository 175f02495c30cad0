"""A planned maintenance as every face shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from incidents.lib.languages import Texts, in_language, said
from incidents.models import (
    ENDED,
    RUNNING,
    Maintenance,
    MaintenanceChange,
    MaintenanceService,
    MaintenanceState,
    MaintenanceUpdate,
    Page,
    ServiceStatus,
)
from incidents.models.maintenance import change_of_maintenance
from incidents.queries.shown import shown_services

# Until None: it still runs.
Touched = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class MaintenanceUpdateView:
    """`fallbacks` as in a maintenance."""

    number: int
    state: str
    body: str
    body_html: str
    change: MaintenanceChange
    scheduled_from: datetime
    scheduled_until: datetime
    happened_at: datetime
    published_at: datetime
    first_language: str
    texts: Texts
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def state_label(self) -> str:
        return str(MaintenanceState(self.state).label)

    @property
    def moves_window(self) -> bool:
        return self.change == MaintenanceChange.WINDOW

    def in_language(self, language: str) -> "MaintenanceUpdateView":
        return in_language(self, ("body", "body_html"), language)


@dataclass(frozen=True)
class MaintenanceServiceView:
    """`status` is what the service has while the maintenance runs."""

    service: str
    slug: str
    status: ServiceStatus
    first_language: str
    texts: Texts

    def in_language(self, language: str) -> "MaintenanceServiceView":
        name = said(self.service, self.texts, field="name", language=language, first=self.first_language)
        return replace(self, service=name.text)


@dataclass(frozen=True)
class MaintenanceView:
    """A maintenance, in one language; `updates` come newest first.

    `fallbacks` names the texts that nobody wrote in that language, each with the language it is in instead.
    """

    id: str
    title: str
    state: str
    is_emergency: bool
    scheduled_from: datetime
    scheduled_until: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cancelled_at: datetime | None
    created_at: datetime
    revision: int
    updates: tuple[MaintenanceUpdateView, ...]
    services: tuple[MaintenanceServiceView, ...]
    first_language: str
    texts: Texts
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def state_label(self) -> str:
        return str(MaintenanceState(self.state).label)

    @property
    def news(self) -> str:
        """Changes with each update."""
        return f"{self.id}#{len(self.updates)}"

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def is_over(self) -> bool:
        return self.state in ENDED

    @property
    def latest(self) -> MaintenanceUpdateView:
        return self.updates[0]

    @property
    def earlier(self) -> tuple[MaintenanceUpdateView, ...]:
        return self.updates[1:]

    @property
    def service_names(self) -> tuple[str, ...]:
        return tuple(service.service for service in self.services)

    @property
    def slugs(self) -> tuple[str, ...]:
        return tuple(service.slug for service in self.services)

    def in_language(self, language: str) -> "MaintenanceView":
        return replace(
            in_language(self, ("title",), language),
            updates=tuple(update.in_language(language) for update in self.updates),
            services=tuple(service.in_language(language) for service in self.services),
        )

    @property
    def from_at(self) -> datetime:
        """When it began; before that, and where it never did, when it was to begin."""
        return self.started_at or self.scheduled_from

    @property
    def until_at(self) -> datetime:
        """When it ended; before that, and where it never began, when it was to end."""
        return self.ended_at or self.scheduled_until

    @property
    def due_at(self) -> datetime | None:
        return due_at(self.state, self.scheduled_from, self.scheduled_until)

    @property
    def touched(self) -> Touched | None:
        return touched_by(self.started_at, self.ended_at, self.cancelled_at)


def due_at(state: str, scheduled_from: datetime, scheduled_until: datetime) -> datetime | None:
    """When its next step was announced for: its start, then its end; nothing once it is over."""
    if state in ENDED:
        return None
    return scheduled_until if state in RUNNING else scheduled_from


def touched_by(
    started_at: datetime | None, ended_at: datetime | None, cancelled_at: datetime | None
) -> Touched | None:
    """The stretch of a history that speaks of it: while it ran; one that never began stands at its
    cancellation, and one still to come in no history."""
    if started_at:
        return started_at, ended_at
    return (cancelled_at, cancelled_at) if cancelled_at else None


def view_maintenances(maintenances: QuerySet[Maintenance], *, page: Page) -> tuple[MaintenanceView, ...]:
    """As `page` shows them, in a number of queries that does not grow with them; the earliest window first.

    Of another page's maintenance only the services that this one shows are named.
    """
    named = MaintenanceService.objects.filter(service__in=shown_services(page))
    services = named.select_related("service").order_by("service__position", "service_id")
    found = maintenances.select_related("page").prefetch_related(
        "updates", Prefetch("services", queryset=services)
    )
    return tuple(_view(one) for one in found.order_by("scheduled_from", "pk"))


def _view(maintenance: Maintenance) -> MaintenanceView:
    updates = list(maintenance.updates.all())
    befores = [None, *updates]
    first = maintenance.page.first_language
    return MaintenanceView(
        id=maintenance.public_id,
        title=maintenance.title,
        state=maintenance.state,
        is_emergency=maintenance.is_emergency,
        scheduled_from=maintenance.scheduled_from,
        scheduled_until=maintenance.scheduled_until,
        started_at=maintenance.started_at,
        ended_at=maintenance.ended_at,
        cancelled_at=maintenance.cancelled_at,
        created_at=maintenance.created_at,
        revision=maintenance.revision,
        updates=tuple(
            _update_view(update, before, first_language=first)
            for update, before in zip(updates, befores, strict=False)
        )[::-1],
        services=tuple(
            MaintenanceServiceView(
                service=row.service.name,
                slug=row.service.slug,
                status=ServiceStatus(row.status),
                first_language=first,
                texts=row.service.texts,
            )
            for row in maintenance.services.all()
        ),
        first_language=first,
        texts=maintenance.texts,
    )


def _update_view(
    update: MaintenanceUpdate, before: MaintenanceUpdate | None, *, first_language: str
) -> MaintenanceUpdateView:
    return MaintenanceUpdateView(
        number=update.number,
        state=update.state,
        body=update.body,
        body_html=update.body_html,
        change=change_of_maintenance(update, before=before),
        scheduled_from=update.scheduled_from,
        scheduled_until=update.scheduled_until,
        happened_at=update.happened_at,
        published_at=update.published_at,
        first_language=first_language,
        texts=update.texts,
    )
