"""The words of the product as stored values, and the two small rules over them."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class ServiceStatus(models.TextChoices):
    OPERATIONAL = "operational", _("Operational")
    DEGRADED = "degraded", _("Degraded performance")
    PARTIAL_OUTAGE = "partial_outage", _("Partial outage")
    MAJOR_OUTAGE = "major_outage", _("Major outage")
    MAINTENANCE = "maintenance", _("Under maintenance")
    UNKNOWN = "unknown", _("Unknown (no monitoring data)")


class Stage(models.TextChoices):
    INVESTIGATING = "investigating", _("Investigating")
    IDENTIFIED = "identified", _("Identified")
    MONITORING = "monitoring", _("Monitoring")
    RESOLVED = "resolved", _("Resolved")
    POSTMORTEM = "postmortem", _("Post-incident report published")


class Severity(models.TextChoices):
    MINOR = "minor", _("Minor")
    MAJOR = "major", _("Major")
    CRITICAL = "critical", _("Critical")

    @property
    def promise(self) -> timedelta:
        """How soon the next update is promised unless staff say otherwise."""
        return timedelta(minutes={"minor": 60, "major": 30, "critical": 15}[self.value])


OVER = (Stage.RESOLVED, Stage.POSTMORTEM)

# From the best to the worst that is known.
RANK = (
    ServiceStatus.OPERATIONAL,
    ServiceStatus.MAINTENANCE,
    ServiceStatus.DEGRADED,
    ServiceStatus.PARTIAL_OUTAGE,
    ServiceStatus.MAJOR_OUTAGE,
)


def worst(statuses: Iterable[str]) -> ServiceStatus:
    """The worst known status; *unknown* wins over everything that is not an outage.

    Unknown is never green, and maintenance never masks an outage. Nothing at all is operational.
    """
    seen = {ServiceStatus(status) for status in statuses}
    known = max(seen - {ServiceStatus.UNKNOWN}, key=RANK.index, default=ServiceStatus.OPERATIONAL)
    quiet = known in (ServiceStatus.OPERATIONAL, ServiceStatus.MAINTENANCE)
    return ServiceStatus.UNKNOWN if ServiceStatus.UNKNOWN in seen and quiet else known
