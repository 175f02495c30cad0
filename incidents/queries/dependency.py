"""What stands on what: a service that fails explains the failures of all that depend on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from incidents.models import OVER, Impact, Incident, IncidentState, Service, ServiceStatus
from incidents.queries.service import UpstreamView, troubled_upstreams

Edges = Mapping[int, frozenset[int]]


@dataclass(frozen=True)
class Dependencies:
    """By the services' ids. `on` is what each depends on itself."""

    on: Edges

    def behind(self, service_id: int) -> set[int]:
        """All that a service depends on, near or far."""
        return _reached(self.on, service_id)

    def over(self, service_id: int) -> set[int]:
        """All that depends on a service, near or far."""
        return {one for one in self.on if service_id in self.behind(one)}


def dependencies_of(page_id: int) -> Dependencies:
    found: dict[int, set[int]] = {}
    links = Service.depends_on.through.objects.filter(from_service__page=page_id)
    for one, other in links.values_list("from_service_id", "to_service_id"):
        found.setdefault(one, set()).add(other)
    return Dependencies({one: frozenset(others) for one, others in found.items()})


def upstreams_behind(page_id: int, service_ids: Iterable[int]) -> list[UpstreamView]:
    """What others report of what these services stand on, near or far, where it is not well: possible causes."""
    depends, ids = dependencies_of(page_id), set(service_ids)
    return troubled_upstreams(ids.union(*(depends.behind(one) for one in ids)))


def incident_behind(causes: Iterable[int]) -> Incident | None:
    """The open incident in which one of these services is hit; a public one first."""
    hit = Impact.objects.filter(service__in=list(causes), until_at=None).exclude(
        status=ServiceStatus.OPERATIONAL
    )
    found = Incident.objects.filter(impacts__in=hit).exclude(state=IncidentState.DISMISSED)
    return found.exclude(stage__in=OVER).order_by("-state", "opened_at").distinct().first()


def _reached(edges: Edges, start: int) -> set[int]:
    reached: set[int] = set()
    ahead = [start]
    while ahead:
        for other in edges.get(ahead.pop(), frozenset()) - reached:
            reached.add(other)
            ahead.append(other)
    return reached
