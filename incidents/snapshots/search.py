"""What the history's search looks through, in the reader's browser: a file a year."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from incidents.lib.markdown import plain
from incidents.queries.published import IncidentKey
from incidents.queries.search import Entry, search_entries, service_names
from incidents.snapshots.pages import digest
from incidents.snapshots.site import Site
from incidents.snapshots.source import JSON, File, Source

EXCERPT = 200
READ_AT_MOST = 800


def sources(site: Site) -> Iterator[Source]:
    yield from (_year_source(site, year, keys) for year, keys in years_of(site).items())


def years_of(site: Site) -> dict[int, tuple[IncidentKey, ...]]:
    """Each incident in the year, in the page's zone, in which it began; the newest year first."""
    found: dict[int, list[IncidentKey]] = defaultdict(list)
    for key in site.incidents:
        found[key.started_at.astimezone(site.page.zone).year].append(key)
    return {year: tuple(found[year]) for year in sorted(found, reverse=True)}


def _year_source(site: Site, year: int, keys: Sequence[IncidentKey]) -> Source:
    address = f"/history/{year}.json"

    def render() -> list[File]:
        wanted = {key.reference: key.version for key in keys}
        found = site.kept.many("search", wanted, lambda lacking: _entries(site, lacking))
        hit = {slug for entry in found.values() for slug in entry.services}
        told = _compact({"year": year, "services": _services(site, hit)})
        body = f'{told[:-1]},"incidents":[{",".join(entry.told for entry in found.values())}]}}'
        return [File(address, body.encode(), JSON)]

    return Source(
        f"search:{year}", digest([(key.reference, key.revision) for key in keys]), (address,), render
    )


class _Kept(NamedTuple):
    """An incident as JSON, and the slugs of its services."""

    told: str
    services: tuple[str, ...]


def _entries(site: Site, references: Sequence[str]) -> dict[str, _Kept]:
    entries = search_entries(site.page, references)
    return {entry.reference: _Kept(_compact(_told(entry)), entry.services) for entry in entries}


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
        "texts": _other_texts(entry),
    }


def _other_texts(entry: Entry) -> dict[str, dict[str, str]]:
    """Title and latest words in each other language in which anybody wrote them."""
    found = {}
    for language in sorted({*entry.texts, *entry.latest_texts}):
        title = entry.texts.get(language, {}).get("title", "")
        latest = excerpt(entry.latest_texts.get(language, {}).get("body", ""))
        found[language] = {name: text for name, text in (("title", title), ("latest", latest)) if text}
    return {language: texts for language, texts in found.items() if texts}


def excerpt(markdown: str) -> str:
    """The first words, on one line."""
    return " ".join(plain(markdown[:READ_AT_MOST]).split())[:EXCERPT]


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
