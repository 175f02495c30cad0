"""What an SPF monitor shows: what is published and by which way, what changed, and who sent without being in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from incidents.lib import times
from incidents.lib.spf import MOST_LOOKUPS
from incidents.models import Monitor, PublishedSet
from incidents.monitors.checkers.spf import read_settings
from incidents.monitors.drift import Drift, Group, Named, by_name
from incidents.monitors.drifting import current_drift
from incidents.queries.spf import newest_source_at, not_kept_apart, open_set, past_sets

MOST_NETWORKS = 500
MOST_ADDRESSES = 8
MOST_STRAYS = 20


class Line(NamedTuple):
    """One published network, and the domains and the term by which it is."""

    network: str
    path: tuple[str, ...]
    term: str


@dataclass(frozen=True)
class Sources:
    """`window_hours` is what `drift` looks back on; `others` came from addresses not kept apart."""

    published: PublishedSet | None
    networks: tuple[Line, ...]
    changes: tuple[PublishedSet, ...]
    drift: Drift
    named: tuple[Named, ...]
    known: tuple[str, ...]
    newest_at: datetime | None
    others: int
    window_hours: int
    most_lookups: int = MOST_LOOKUPS

    @property
    def networks_left(self) -> int:
        return len(self.published.networks) - len(self.networks) if self.published else 0

    @property
    def unflattened(self) -> list[Line]:
        rows = self.published.unflattened if self.published else []
        return [Line("", tuple(path), term) for path, term in rows]

    @property
    def strays(self) -> Sequence[Group]:
        return self.drift.strays[:MOST_STRAYS]


def sources_of(monitor: Monitor) -> dict[str, Any]:
    """The same number of queries however much was seen."""
    settings, now = read_settings(monitor.settings), times.now()
    drift = current_drift(monitor, settings=settings, now=now)
    published = open_set(monitor)
    sources = Sources(
        published=published,
        networks=_lines(published),
        changes=tuple(past_sets(monitor)),
        drift=drift,
        named=tuple(by_name(drift.groups)),
        known=settings.known_networks,
        newest_at=newest_source_at(monitor),
        others=not_kept_apart(monitor, since=now - timedelta(hours=settings.window_hours)),
        window_hours=settings.window_hours,
    )
    return {"sources": sources, "most_addresses": MOST_ADDRESSES}


def _lines(published: PublishedSet | None) -> tuple[Line, ...]:
    rows = published.networks[:MOST_NETWORKS] if published else []
    return tuple(Line(network, tuple(path), term) for network, path, term in rows)
