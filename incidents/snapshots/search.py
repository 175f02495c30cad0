"""What the history's search looks through, in the reader's browser: a file a year."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

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
        entries = search_entries(site.page, [key.reference for key in keys])
        told = {"year": year, "services": _services(site, entries), "incidents": [*map(_told, entries)]}
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return [File(address, body.encode(), JSON)]

    return Source(
        f"search:{year}", digest([(key.reference, key.revision) for key in keys]), (address,), render
    )


def _services(site: Site, entries: Sequence[Entry]) -> dict[str, dict[str, str]]:
    hit = {slug for entry in entries for slug in entry.services}
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
    return _excerpt(markdown[:READ_AT_MOST])


# A year is written anew with each update of any of its incidents: the others' words are as they were.
@lru_cache(maxsize=20_000)
def _excerpt(markdown: str) -> str:
    return " ".join(plain(markdown).split())[:EXCERPT]


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
