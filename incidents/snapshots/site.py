"""All that can be published of a page at one instant: loaded when it is asked for, and once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from incidents.models import Page
from incidents.queries.incident_view import IncidentView
from incidents.queries.page import Overview, overview
from incidents.queries.published import (
    IncidentKey,
    ReportKey,
    incident_keys,
    incidents_by_service,
    load_incidents,
    report_keys,
)
from incidents.snapshots.edition import Edition, editions

BATCH = 100


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
    def _batches(self) -> "Batches":
        return Batches(self.page, [key.reference for key in self.incidents])

    def load(self, keys: Iterable[IncidentKey]) -> tuple[IncidentView, ...]:
        """The whole of these incidents, in the order of the page."""
        return load_incidents(self.page, [key.reference for key in keys])

    def load_one(self, reference: str) -> IncidentView:
        """One of `incidents`; those that are asked for in order are fetched together."""
        return self._batches.load(reference)


class Batches:
    """Incidents one by one at the price of one query for many: a page published anew asks for them all.

    The first is fetched alone, since mostly one has changed; whoever goes on gets the next ones with it.
    """

    def __init__(self, page: Page, references: list[str]) -> None:
        self._page = page
        self._references = references
        self._places = {reference: place for place, reference in enumerate(references)}
        self._loaded: dict[str, IncidentView] = {}
        self._last = -1

    def load(self, reference: str) -> IncidentView:
        if reference not in self._loaded:
            place = self._places[reference]
            most = BATCH if place == self._last + 1 and place else 1
            views = load_incidents(self._page, self._references[place : place + most])
            self._loaded = {view.reference: view for view in views}
        self._last = self._places[reference]
        return self._loaded[reference]
