"""From what is so to what is said: the headline, and how fresh it is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from django.utils.translation import gettext as _

from incidents.models import ServiceStatus
from incidents.queries.incident_view import IncidentView
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.page import DayView, Overview
from incidents.queries.service import ServiceView


@dataclass(frozen=True)
class Headline:
    """`status` chooses shape and colour. It is not green while an incident is open."""

    status: ServiceStatus
    text: str


@dataclass(frozen=True)
class Freshness:
    """`at` None: nothing is watched, people set what is shown. Old: nothing that is watched is fresh.

    `seconds` is how long after `at` it becomes old, unless more data comes.
    """

    at: datetime | None
    is_old: bool
    seconds: int


@dataclass(frozen=True)
class Days:
    """Consecutive days that the same things touched, or nothing: told as one."""

    first: date
    last: date
    incidents: tuple[IncidentView, ...]
    maintenances: tuple[MaintenanceView, ...]


def headline(overview: Overview) -> Headline:
    if not overview.services:
        return Headline(ServiceStatus.UNKNOWN, _("No services are listed yet"))
    if overview.open_incidents and overview.status == ServiceStatus.OPERATIONAL:
        return Headline(ServiceStatus.DEGRADED, _("Services are running; an incident is still open"))
    return Headline(overview.status, _headline_texts()[overview.status])


def stopped_headline() -> Headline:
    """Once nothing renews the page any more."""
    return Headline(ServiceStatus.UNKNOWN, _("The current state is not known"))


def _headline_texts() -> dict[ServiceStatus, str]:
    return {
        ServiceStatus.OPERATIONAL: _("All services are operating normally"),
        ServiceStatus.DEGRADED: _("Some services have degraded performance"),
        ServiceStatus.PARTIAL_OUTAGE: _("Some services are partly unavailable"),
        ServiceStatus.MAJOR_OUTAGE: _("A major outage is in progress"),
        ServiceStatus.MAINTENANCE: _("Maintenance is in progress"),
        ServiceStatus.UNKNOWN: _("Some services report no recent data"),
    }


def icon(status: str) -> str:
    """The static file that shows a state in a browser's tab."""
    return f"incidents/favicons/{status}.svg"


def freshness(overview: Overview) -> Freshness:
    watched = [service for service in overview.services if service.last_data_at]
    until = max((service.stale_after for service in watched if service.stale_after), default=None)
    at = overview.data_as_of
    return Freshness(
        at=at,
        is_old=bool(watched) and all(service.is_stale for service in watched),
        seconds=int((until - at).total_seconds()) if until and at else 0,
    )


def recent(overview: Overview) -> tuple[Days, ...]:
    """The last days, the newest first."""
    runs = (tuple(days) for _touched, days in groupby(overview.recent_days, key=_touched))
    return tuple(
        Days(
            first=run[-1].day,
            last=run[0].day,
            incidents=run[0].incidents,
            maintenances=run[0].maintenances,
        )
        for run in runs
    )


def _touched(day: DayView) -> list[str]:
    return [*(one.reference for one in day.incidents), *(one.id for one in day.maintenances)]


def news(overview: Overview) -> str:
    """Changes with what a reader should hear of: the worst state, an incident, a maintenance, an update."""
    return news_of(headline(overview).status, overview.open_incidents, overview.maintenances)


def news_of(status: str, incidents: Iterable[IncidentView], maintenances: Iterable[MaintenanceView]) -> str:
    return " ".join([status, *(one.news for one in incidents), *(one.news for one in maintenances)])


def greyed(overview: Overview) -> Overview:
    """The same with every service unknown: how the page looks once nothing renews it any more."""
    groups = tuple(
        replace(group, services=tuple(grey(service) for service in group.services))
        for group in overview.groups
    )
    return replace(overview, groups=groups, status=ServiceStatus.UNKNOWN)


def grey(service: ServiceView) -> ServiceView:
    return replace(service, status=ServiceStatus.UNKNOWN, since=None, is_set_by_hand=False, is_stale=True)
