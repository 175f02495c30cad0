"""What a page shows now: one value object for every face that shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from incidents.lib import times
from incidents.models import Incident, IncidentState, Page, Service, ServiceStatus, worst
from incidents.queries.group import GroupNode, GroupView, tree, view_groups
from incidents.queries.incident_view import IncidentView, view_incidents
from incidents.queries.report import IssuedView, latest_issued
from incidents.queries.service import ServiceView, view_services

RECENT_DAYS = 14
REPORTS_SHOWN = 3


@dataclass(frozen=True)
class DayView:
    day: date
    incidents: tuple[IncidentView, ...]


@dataclass(frozen=True)
class Overview:
    page: Page
    generated_at: datetime
    data_as_of: datetime | None
    status: ServiceStatus
    groups: tuple[GroupView, ...]
    open_incidents: tuple[IncidentView, ...]
    recent_days: tuple[DayView, ...]
    reports: tuple[IssuedView, ...]

    @property
    def services(self) -> tuple[ServiceView, ...]:
        """Of all groups, in the order in which they are shown."""
        return tuple(service for group in self.groups for service in group.services)

    @property
    def group_tree(self) -> tuple[GroupNode, ...]:
        return tree(self.groups)


def page_for(host: str) -> Page | None:
    """The page of a request's host (port left away); the only page there is answers for every allowed host."""
    name = host.rsplit(":", 1)[0].lower() if not host.endswith("]") else host.lower()
    pages = list(Page.objects.order_by("id")[:2])
    if len(pages) == 1:
        return pages[0]
    return Page.objects.filter(host=name).first()


def first_page() -> Page | None:
    return Page.objects.order_by("id").first()


def overview(page: Page) -> Overview:
    services = view_services(page)
    now = times.now()
    since = now - timedelta(days=RECENT_DAYS)
    shown = view_incidents(
        Incident.objects.filter(page=page, state=IncidentState.PUBLIC).filter(
            Q(resolved_at__isnull=True) | Q(resolved_at__gte=since)
        )
    )
    seen = [service.last_data_at for service in services if service.last_data_at]
    return Overview(
        page=page,
        generated_at=now,
        data_as_of=max(seen, default=None),
        status=worst(service.status for service in services),
        groups=view_groups(page, services),
        open_incidents=tuple(i for i in shown if not i.is_over),
        recent_days=tuple(_by_day(shown, page=page, now=now)),
        reports=latest_issued(page, most=REPORTS_SHOWN),
    )


def history(page: Page) -> tuple[IncidentView, ...]:
    """Every public incident of the page, the latest onset first."""
    return view_incidents(Incident.objects.filter(page=page, state=IncidentState.PUBLIC))


def incidents_of(page: Page, *, slug: str) -> tuple[IncidentView, ...]:
    """Every public incident that hit the service, the latest onset first."""
    hit = Incident.objects.filter(page=page, state=IncidentState.PUBLIC, impacts__service__slug=slug)
    return view_incidents(hit.distinct())


def _by_day(incidents: Iterable[IncidentView], *, page: Page, now: datetime) -> Iterable[DayView]:
    """The last fourteen days of the page's zone, newest first, each with every incident that touched it."""
    spans = [
        (i.started_at.astimezone(page.zone).date(), (i.resolved_at or now).astimezone(page.zone).date(), i)
        for i in incidents
    ]
    today = now.astimezone(page.zone).date()
    days = (today - timedelta(days=back) for back in range(RECENT_DAYS))
    return (DayView(day, tuple(i for first, last, i in spans if first <= day <= last)) for day in days)


def has_services(page: Page) -> bool:
    return Service.objects.filter(page=page).exists()
