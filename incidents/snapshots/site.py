"""All that can be published of a page at one instant: loaded when it is asked for, and once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

from incidents.models import Page
from incidents.queries.charts import Charted, charted_monitors
from incidents.queries.incident_view import IncidentView
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.page import Overview, overview
from incidents.queries.past_days import Past
from incidents.queries.published import (
    IncidentKey,
    MaintenanceKey,
    ReportKey,
    incident_keys,
    incidents_by_service,
    load_incidents,
    load_maintenances,
    maintenance_keys,
    report_keys,
)
from incidents.queries.shown import shown_services
from incidents.queries.uptime import YEAR, load_pasts
from incidents.snapshots.edition import Edition, editions

BATCH = 100
BAR_DAYS = 90

View = TypeVar("View")


@dataclass
class Site:
    """One page now. Every member costs a number of queries that does not grow with what there is."""

    page: Page
    now: datetime

    @cached_property
    def editions(self) -> tuple[Edition, ...]:
        """The page in each of its languages, the first language first."""
        return editions(self.page, now=self.now)

    @cached_property
    def overview(self) -> Overview:
        return overview(self.page)

    @cached_property
    def incidents(self) -> tuple[IncidentKey, ...]:
        """Every public incident, the latest onset first."""
        return incident_keys(self.page)

    @cached_property
    def maintenances(self) -> tuple[MaintenanceKey, ...]:
        """Every maintenance of any state, the latest window first."""
        return maintenance_keys(self.page)

    @cached_property
    def reports(self) -> tuple[ReportKey, ...]:
        return report_keys(self.page)

    @cached_property
    def incidents_of_service(self) -> dict[str, tuple[IncidentKey, ...]]:
        """By the service's slug, the latest onset first."""
        hits = incidents_by_service(self.page)
        known = {key.reference: key for key in self.incidents}
        found: dict[str, list[IncidentKey]] = defaultdict(list)
        for key in known.values():
            for slug in hits.get(key.reference, ()):
                found[slug].append(key)
        return {slug: tuple(keys) for slug, keys in found.items()}

    @cached_property
    def recent_pasts(self) -> dict[int, Past]:
        """The days of each service's bar, by its id."""
        return load_pasts(self.page, days=BAR_DAYS, now=self.now)

    @cached_property
    def year_pasts(self) -> dict[int, Past]:
        return load_pasts(self.page, days=YEAR, now=self.now)

    @cached_property
    def charted(self) -> dict[int, list[Charted]]:
        """Monitors whose figures may be shown, by their service's id."""
        return charted_monitors(shown_services(self.page))

    @cached_property
    def _incident_batches(self) -> "Batches[IncidentView]":
        def load(references: Sequence[str]) -> dict[str, IncidentView]:
            return {view.reference: view for view in load_incidents(self.page, references)}

        return Batches([key.reference for key in self.incidents], load)

    @cached_property
    def _maintenance_batches(self) -> "Batches[MaintenanceView]":
        def load(ids: Sequence[str]) -> dict[str, MaintenanceView]:
            return {view.id: view for view in load_maintenances(self.page, ids)}

        return Batches([key.id for key in self.maintenances], load)

    def load(self, keys: Iterable[IncidentKey]) -> tuple[IncidentView, ...]:
        """The whole of these incidents, in the order of the page."""
        return load_incidents(self.page, [key.reference for key in keys])

    def load_one(self, reference: str) -> IncidentView:
        """One of `incidents`; those that are asked for in order are fetched together."""
        return self._incident_batches.load(reference)

    def load_maintenances(self, keys: Iterable[MaintenanceKey]) -> tuple[MaintenanceView, ...]:
        """The whole of these maintenances, in the order of the page."""
        return load_maintenances(self.page, [key.id for key in keys])

    def load_maintenance(self, public_id: str) -> MaintenanceView:
        """One of `maintenances`, fetched as `load_one` does."""
        return self._maintenance_batches.load(public_id)


class Batches(Generic[View]):
    """Things one by one at the price of one query for many: a page published anew asks for them all.

    The first is fetched alone, since mostly one has changed; whoever goes on gets the next ones with it.
    """

    def __init__(self, names: list[str], fetch: Callable[[Sequence[str]], Mapping[str, View]]) -> None:
        self._fetch = fetch
        self._names = names
        self._places = {name: place for place, name in enumerate(names)}
        self._loaded: Mapping[str, View] = {}
        self._last = -1

    def load(self, name: str) -> View:
        place = self._places[name]
        if name not in self._loaded:
            most = BATCH if place == self._last + 1 and place else 1
            self._loaded = self._fetch(self._names[place : place + most])
        self._last = place
        return self._loaded[name]
