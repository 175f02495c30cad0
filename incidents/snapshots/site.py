"""All that can be published of a page at one instant: loaded when it is asked for, and once."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
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
    hits_by_incident,
    incident_keys,
    load_incidents,
    load_maintenances,
    look_of,
    maintenance_keys,
    report_keys,
)
from incidents.queries.shown import shown_services
from incidents.queries.uptime import YEAR, Hit, load_pasts
from incidents.snapshots.edition import Edition, editions
from incidents.snapshots.kept import Kept
from incidents.snapshots.release import release_key

BATCH = 100
BAR_DAYS = 90

View = TypeVar("View")


@dataclass
class Site:
    """One page now. Every member costs a number of queries that does not grow with what there is."""

    page: Page
    now: datetime
    earlier: Kept = field(default_factory=Kept)

    @cached_property
    def kept(self) -> Kept:
        """What earlier turns made and what is as good as it was."""
        self.earlier.under(self.look)
        return self.earlier

    @cached_property
    def look(self) -> str:
        """Changes with what every file may show: the page's settings, its services' names, the release."""
        return hashlib.sha256(f"{release_key()} {look_of(self.page)!r}".encode()).hexdigest()[:16]

    @cached_property
    def editions(self) -> tuple[Edition, ...]:
        """The page in each of its languages, the first language first."""
        return editions(self.page, now=self.now)

    @cached_property
    def overview(self) -> Overview:
        return overview(self.page)

    def overview_in(self, language: str) -> Overview:
        if language not in self._overviews:
            self._overviews[language] = self.overview.in_language(language)
        return self._overviews[language]

    @cached_property
    def _overviews(self) -> dict[str, Overview]:
        return {}

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
    def incidents_of_service(self) -> dict[int, tuple[IncidentKey, ...]]:
        """By the service's id, the latest onset first."""
        found: dict[int, list[IncidentKey]] = defaultdict(list)
        for key in self.incidents:
            for service_id in {hit.service_id for hit in self.hits[key.reference]}:
                found[service_id].append(key)
        return {service_id: tuple(keys) for service_id, keys in found.items()}

    @cached_property
    def hits(self) -> dict[str, list[Hit]]:
        """What each incident told of services, by its reference."""
        return self.kept.many(
            "hits", self._versions(self.incidents), lambda lacking: hits_by_incident(self.page, lacking)
        )

    @cached_property
    def recent_pasts(self) -> dict[int, Past]:
        """The days of each service's bar, by its id."""
        return {service_id: past.last(BAR_DAYS) for service_id, past in self.year_pasts.items()}

    @cached_property
    def year_pasts(self) -> dict[int, Past]:
        hits = chain.from_iterable(self.hits.values())
        return load_pasts(self.page, days=YEAR, now=self.now, hits=hits)

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
        """The whole of these incidents, in the order of `keys`."""

        def read(lacking: Sequence[str]) -> dict[str, IncidentView]:
            return {view.reference: view for view in load_incidents(self.page, lacking)}

        return tuple(self.kept.many("views", self._versions(keys), read).values())

    @staticmethod
    def _versions(keys: Iterable[IncidentKey]) -> dict[str, Hashable]:
        return {key.reference: key.version for key in keys}

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
