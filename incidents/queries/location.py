"""What is to be thought of the places that monitors are checked from."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from incidents.models import Location, Page, Watch

# A prober says every few seconds that it is there.
SILENT_AFTER = timedelta(seconds=90)
# Two of the usual interval.
FROZEN_FOR = timedelta(seconds=120)


def automation_held_since(*, now: datetime) -> datetime | None:
    """Since when nothing may be done by itself: a network is suspect, a canary wrong, or a clock has jumped, at a
    location that something is checked from. One that was given up cannot take back what it said last."""
    instants = [
        at
        for location in Location.objects.filter(name__in=watching_locations())
        for at in (
            location.network_suspect_since,
            location.canary_wrong_since,
            location.clock_jumped_at if _is_frozen(location, now=now) else None,
        )
        if at
    ]
    return min(instants, default=None)


def _is_frozen(location: Location, *, now: datetime) -> bool:
    jumped_at = location.clock_jumped_at
    return jumped_at is not None and abs(now - jumped_at) < FROZEN_FOR


def watching_locations(page: Page | None = None) -> list[str]:
    """The names of all that have something to check, or something of the page's."""
    watches = Watch.objects.filter(monitor__enabled=True)
    if page is not None:
        watches = watches.filter(monitor__service__page=page)
    return list(watches.order_by("location").values_list("location", flat=True).distinct())


def troubled_locations(
    *, now: datetime, page: Page | None = None
) -> Sequence[tuple[str, str, datetime | None]]:
    """Name, trouble (canary, network, silent) and since when; of locations that have something to check, or
    something of the page's."""
    known = {location.name: location for location in Location.objects.all()}
    troubled: list[tuple[str, str, datetime | None]] = []
    for name in watching_locations(page):
        location = known.get(name, Location(name=name))
        if location.canary_wrong_since:
            troubled.append((name, "canary", location.canary_wrong_since))
        elif location.network_suspect_since:
            troubled.append((name, "network", location.network_suspect_since))
        elif location.seen_at is None or now - location.seen_at > SILENT_AFTER:
            troubled.append((name, "silent", location.seen_at))
    return troubled
