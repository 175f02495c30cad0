"""From what is so to what is said: the headline, and how fresh it is."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from incidents.models import ServiceStatus
from incidents.queries.group_view import GroupView
from incidents.queries.page import Overview
from incidents.queries.service import ServiceView


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


def headline(overview: Overview) -> Headline:
    if not overview.services:
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
    watched = [service for service in overview.services if service.last_data_at]
    return Freshness(at=overview.data_as_of, is_old=bool(watched) and all(s.is_stale for s in watched))


def greyed(overview: Overview) -> Overview:
    """The same with every service unknown: how the page looks once nothing renews it any more."""
    groups = tuple(_greyed_group(group) for group in overview.groups)
    return replace(overview, groups=groups, status=ServiceStatus.UNKNOWN)


def _greyed_group(group: GroupView) -> GroupView:
    return replace(
        group,
        services=tuple(grey(service) for service in group.services),
        subgroups=tuple(_greyed_group(subgroup) for subgroup in group.subgroups),
    )


def grey(service: ServiceView) -> ServiceView:
    return replace(service, status=ServiceStatus.UNKNOWN, since=None, is_set_by_hand=False, is_stale=True)
