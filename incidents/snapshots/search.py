"""What the history's search looks through, in the reader's browser: a file a year."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from incidents.lib.languages import Texts
from incidents.lib.markdown import plain
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.published import IncidentKey, MaintenanceKey
from incidents.queries.search import Entry, search_entries, service_names
from incidents.snapshots.pages import digest
from incidents.snapshots.site import Site
from incidents.snapshots.source import JSON, File, Source

EXCERPT = 200
READ_AT_MOST = 800


def sources(site: Site) -> Iterator[Source]:
    yield from (_year_source(site, year, told) for year, told in years_of(site).items())


@dataclass
class Year:
    incidents: list[IncidentKey] = field(default_factory=list)
    maintenances: list[MaintenanceKey] = field(default_factory=list)


def years_of(site: Site) -> dict[int, Year]:
    """What the history tells, each in the year, in the page's zone, in which it began; the newest year first."""
    found: dict[int, Year] = defaultdict(Year)
    for key in site.incidents:
        found[key.started_at.astimezone(site.page.zone).year].incidents.append(key)
    for work in site.maintenances:
        if work.touched:
            found[work.touched[0].astimezone(site.page.zone).year].maintenances.append(work)
    return dict(sorted(found.items(), reverse=True))


def _year_source(site: Site, year: int, keys: Year) -> Source:
    address = f"/history/{year}.json"

    def render() -> list[File]:
        wanted = {key.reference: key.version for key in keys.incidents}
        found = site.kept.many("search", wanted, lambda lacking: _entries(site, lacking))
        works = [_told_work(view) for view in site.load_maintenances(keys.maintenances)]
        hit = {slug for services in _slugs(found.values(), works) for slug in services}
        told = _compact({"year": year, "services": _services(site, hit), "maintenances": works})
        body = f'{told[:-1]},"incidents":[{",".join(entry.told for entry in found.values())}]}}'
        return [File(address, body.encode(), JSON)]

    incidents = [(key.reference, key.revision) for key in keys.incidents]
    key = digest(incidents, [(work.id, work.revision) for work in keys.maintenances])
    return Source(f"search:{year}", key, (address,), render)


class _Kept(NamedTuple):
    """An incident as JSON, and the slugs of its services."""

    told: str
    services: tuple[str, ...]


def _entries(site: Site, references: Sequence[str]) -> dict[str, _Kept]:
    entries = search_entries(site.page, references)
    return {entry.reference: _Kept(_compact(_told(entry)), entry.services) for entry in entries}


def _slugs(incidents: Iterable[_Kept], works: Iterable[Mapping[str, Any]]) -> Iterator[Iterable[str]]:
    yield from (incident.services for incident in incidents)
    yield from (work["services"] for work in works)


def _compact(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _services(site: Site, hit: set[str]) -> dict[str, dict[str, str]]:
    return {slug: names for slug, names in service_names(site.page).items() if slug in hit}


def _told(entry: Entry) -> dict[str, object]:
    return {
        "reference": entry.reference,
        "title": entry.title,
        "stage": entry.stage,
        "status": entry.status,
        "started_at": _utc(entry.started_at),
        "ended_at": entry.ended_at and _utc(entry.ended_at),
        "services": entry.services,
        "latest": excerpt(entry.latest),
        "texts": _other_texts(entry.texts, entry.latest_texts),
    }


def _told_work(work: MaintenanceView) -> dict[str, Any]:
    assert work.touched
    began_at, ended_at = work.touched
    return {
        "id": work.id,
        "title": work.title,
        "state": work.state,
        "started_at": _utc(began_at),
        "ended_at": ended_at and _utc(ended_at),
        "services": work.slugs,
        "latest": excerpt(work.latest.body),
        "texts": _other_texts(work.texts, work.latest.texts),
    }


def _other_texts(titles: Texts, latests: Texts) -> dict[str, dict[str, str]]:
    """Title and latest words in each other language in which anybody wrote them."""
    found = {}
    for language in sorted({*titles, *latests}):
        title = titles.get(language, {}).get("title", "")
        latest = excerpt(latests.get(language, {}).get("body", ""))
        found[language] = {name: text for name, text in (("title", title), ("latest", latest)) if text}
    return {language: texts for language, texts in found.items() if texts}


def excerpt(markdown: str) -> str:
    """The first words, on one line."""
    return " ".join(plain(markdown[:READ_AT_MOST]).split())[:EXCERPT]


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
