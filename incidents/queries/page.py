"""What a page shows now: one value object for every face that shows it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.http.request import split_domain_port

from incidents.lib import times
from incidents.models import Page, ServiceStatus, worst
from incidents.queries.announcement import AnnouncementView, pinned_announcement
from incidents.queries.groups import GroupNode, GroupView, tree, view_groups
from incidents.queries.incident_view import IncidentView, view_incidents
from incidents.queries.maintenance import maintenances_since, running_first
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.report import IssuedView, latest_issued
from incidents.queries.service import ServiceView, view_services
from incidents.queries.shown import shown_incidents, shown_services

RECENT_DAYS = 14
REPORTS_SHOWN = 3


@dataclass(frozen=True)
class DayView:
    day: date
    incidents: tuple[IncidentView, ...]
    maintenances: tuple[MaintenanceView, ...]

    def in_language(self, language: str) -> "DayView":
        return replace(
            self,
            incidents=tuple(i.in_language(language) for i in self.incidents),
            maintenances=tuple(m.in_language(language) for m in self.maintenances),
        )


@dataclass(frozen=True)
class Overview:
    """`maintenances` are those that run, then those still to come."""

    page: Page
    generated_at: datetime
    data_as_of: datetime | None
    status: ServiceStatus
    groups: tuple[GroupView, ...]
    open_incidents: tuple[IncidentView, ...]
    maintenances: tuple[MaintenanceView, ...]
    recent_days: tuple[DayView, ...]
    reports: tuple[IssuedView, ...]
    announcement: AnnouncementView | None = None

    @property
    def services(self) -> tuple[ServiceView, ...]:
        """Of all groups, in the order in which they are shown."""
        return tuple(service for group in self.groups for service in group.services)

    @property
    def group_tree(self) -> tuple[GroupNode, ...]:
        return tree(self.groups)

    @property
    def running_maintenances(self) -> tuple[MaintenanceView, ...]:
        return tuple(one for one in self.maintenances if one.is_running)

    @property
    def upcoming_maintenances(self) -> tuple[MaintenanceView, ...]:
        return tuple(one for one in self.maintenances if not one.is_running)

    def in_language(self, language: str) -> "Overview":
        """The same with every text in the language, where it was written in it."""
        return replace(
            self,
            groups=tuple(group.in_language(language) for group in self.groups),
            open_incidents=tuple(i.in_language(language) for i in self.open_incidents),
            maintenances=tuple(m.in_language(language) for m in self.maintenances),
            recent_days=tuple(day.in_language(language) for day in self.recent_days),
            announcement=self.announcement and self.announcement.in_language(language),
        )


def page_for(host: str) -> Page | None:
    """The page of a request's host (port left away); the only page there is answers for every allowed host."""
    name, _port = split_domain_port(host)
    known = Page.objects.select_related("logo").defer("logo__png").order_by("id")
    pages = list(known[:2])
    if len(pages) == 1:
        return pages[0]
    return known.filter(host=name).first()


def is_host_of_a_page(host: str) -> bool:
    return Page.objects.filter(host=host).exists()


def find_page(page_id: int) -> Page | None:
    return Page.objects.filter(pk=page_id).first()


def all_pages() -> list[Page]:
    return list(Page.objects.order_by("id"))


def first_page() -> Page | None:
    return Page.objects.order_by("id").first()


def overview(page: Page) -> Overview:
    services = view_services(page)
    now = times.now()
    since = now - timedelta(days=RECENT_DAYS)
    recent = Q(resolved_at__isnull=True) | Q(resolved_at__gte=since)
    shown = view_incidents(shown_incidents(page).filter(recent), page=page)
    planned = maintenances_since(page, since=since)
    seen = [service.last_data_at for service in services if service.last_data_at]
    return Overview(
        page=page,
        generated_at=now,
        data_as_of=max(seen, default=None),
        status=worst(service.status for service in services),
        groups=view_groups(page, services),
        open_incidents=tuple(i for i in shown if not i.is_over),
        maintenances=running_first(planned),
        recent_days=tuple(_by_day(shown, planned, page=page, now=now)),
        reports=latest_issued(page, most=REPORTS_SHOWN),
        announcement=pinned_announcement(page, now=now),
    )


def history(page: Page) -> tuple[IncidentView, ...]:
    """Every incident that the page shows, the latest onset first."""
    return view_incidents(shown_incidents(page), page=page)


def _by_day(
    incidents: Iterable[IncidentView], maintenances: Iterable[MaintenanceView], *, page: Page, now: datetime
) -> Iterable[DayView]:
    """The last fourteen days of the page's zone, newest first, each with all that touched it."""

    def day_of(at: datetime | None) -> date:
        return (at or now).astimezone(page.zone).date()

    spans = [(day_of(i.started_at), day_of(i.resolved_at), i) for i in incidents]
    works = [(day_of(m.touched[0]), day_of(m.touched[1]), m) for m in maintenances if m.touched]
    return (
        DayView(
            day,
            incidents=tuple(i for first, last, i in spans if first <= day <= last),
            maintenances=tuple(m for first, last, m in works if first <= day <= last),
        )
        for day in (day_of(now) - timedelta(days=back) for back in range(RECENT_DAYS))
    )


def has_services(page: Page) -> bool:
    return shown_services(page).exists()
