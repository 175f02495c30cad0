"""From the statuses of a page's services to the one word and the sentence that v2 clients read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from incidents.models import ServiceStatus

ALL_OPERATIONAL = "All Systems Operational"
NO_RECENT_DATA = "Some Components Report No Recent Data"

# A service of which nothing is known cannot be told in v2: it is slow rather than green.
COMPONENT_STATUS = {
    ServiceStatus.OPERATIONAL: "operational",
    ServiceStatus.MAINTENANCE: "under_maintenance",
    ServiceStatus.DEGRADED: "degraded_performance",
    ServiceStatus.PARTIAL_OUTAGE: "partial_outage",
    ServiceStatus.MAJOR_OUTAGE: "major_outage",
    ServiceStatus.UNKNOWN: "degraded_performance",
}


@dataclass(frozen=True)
class Indicator:
    indicator: str
    description: str


def indicate(statuses: Iterable[str]) -> Indicator:
    """By the services alone, whatever incidents say; `critical` when nine in ten of them are down."""
    counted = Counter(ServiceStatus(status) for status in statuses)
    total = counted.total()
    if not total:
        return Indicator("minor", "No Components Are Listed")
    if 10 * counted[ServiceStatus.MAJOR_OUTAGE] >= 9 * total:
        return Indicator("critical", "Major System Outage")
    if counted[ServiceStatus.MAJOR_OUTAGE] or counted[ServiceStatus.PARTIAL_OUTAGE]:
        return Indicator("major", "Partial System Outage")
    if counted[ServiceStatus.DEGRADED] == total > 1:
        return Indicator("minor", "Degraded System Service")
    if counted[ServiceStatus.DEGRADED]:
        return Indicator("minor", "Partially Degraded Service")
    if counted[ServiceStatus.UNKNOWN]:
        return Indicator("minor", NO_RECENT_DATA)
    if counted[ServiceStatus.MAINTENANCE]:
        return Indicator("maintenance", "Service Under Maintenance")
    return Indicator("none", ALL_OPERATIONAL)
