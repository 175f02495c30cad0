"""From what is so to what is said: the headline, how fresh it is, the months of the history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from incidents.models import ServiceStatus
from incidents.queries.incident_view import IncidentView
from incidents.queries.page import Overview


@dataclass(frozen=True)
class Headline:
    """`status` chooses shape and colour. It is not green while an incident is open."""

    status: ServiceStatus
    text: str


@dataclass(frozen=True)
class Freshness:
    """`at` None: nothing is watched, people set what is shown. Old: nothing that is watched is fresh."""

    at: datetime | None
    is_old: bool


@dataclass(frozen=True)
class Month:
    first: date
    incidents: tuple[IncidentView, ...]


def headline(overview: Overview) -> Headline:
    if not any(group.services for group in overview.groups):
        return Headline(ServiceStatus.UNKNOWN, _("No services are listed yet"))
    if overview.open_incidents and overview.status == ServiceStatus.OPERATIONAL:
        return Headline(ServiceStatus.DEGRADED, _("Services are running; an incident is still open"))
    return Headline(overview.status, _headline_texts()[overview.status])


def _headline_texts() -> dict[ServiceStatus, str]:
    return {
        ServiceStatus.OPERATIONAL: _("All services are operating normally"),
        ServiceStatus.DEGRADED: _("Some services have degraded performance"),
        ServiceStatus.PARTIAL_OUTAGE: _("Some services are partly unavailable"),
        ServiceStatus.MAJOR_OUTAGE: _("A major outage is in progress"),
        ServiceStatus.MAINTENANCE: _("Maintenance is in progress"),
        ServiceStatus.UNKNOWN: _("Some services report no recent data"),
    }


def freshness(overview: Overview) -> Freshness:
    watched = [service for group in overview.groups for service in group.services if service.last_data_at]
    return Freshness(at=overview.data_as_of, is_old=bool(watched) and all(s.is_stale for s in watched))


def months(incidents: Iterable[IncidentView], *, zone: ZoneInfo) -> list[Month]:
    """The incidents by the month of their onset in the page's zone; they come newest first."""

    def month_of(incident: IncidentView) -> date:
        return incident.started_at.astimezone(zone).date().replace(day=1)

    return [Month(first, tuple(members)) for first, members in groupby(incidents, key=month_of)]
