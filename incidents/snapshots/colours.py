"""The colours of the states for what knows no style sheet: the light ones of tokens.css."""

from incidents.models import ServiceStatus

WHITE, DARK = "#ffffff", "#2a1c00"
FILLS: dict[str, tuple[str, str]] = {
    ServiceStatus.OPERATIONAL: ("#14713f", WHITE),
    ServiceStatus.DEGRADED: ("#f4c04d", DARK),
    ServiceStatus.PARTIAL_OUTAGE: ("#b9490b", WHITE),
    ServiceStatus.MAJOR_OUTAGE: ("#b3261e", WHITE),
    ServiceStatus.MAINTENANCE: ("#2457a6", WHITE),
    ServiceStatus.UNKNOWN: ("#59616b", WHITE),
}
"""By status: what it is painted on, and what is written on that."""
