"""The past: a page a month, each day of it by its anchor, and the list of months."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from incidents.models import Stage
from incidents.queries.incident_view import IncidentView
from incidents.queries.published import IncidentKey
from incidents.snapshots.edition import Edition
from incidents.snapshots.pages import digest, page_file, per_language
from incidents.snapshots.search import years_of
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

MONTHS_SHOWN = 3


@dataclass(frozen=True)
class Day:
    day: date
    incidents: tuple[IncidentView, ...]


@dataclass(frozen=True)
class Month:
    first: date
    days: tuple[Day, ...]
    incidents: tuple[IncidentView, ...]


def sources(site: Site) -> Iterator[Source]:
    months = months_of(site)
    yield _history_source(site, months)
    yield from (_month_source(site, first, months) for first in months)


def months_of(site: Site) -> dict[date, tuple[IncidentKey, ...]]:
    return by_month(site, site.incidents)


def by_month(site: Site, keys: Iterable[IncidentKey]) -> dict[date, tuple[IncidentKey, ...]]:
    """Those of the incidents that touched each month of the page's zone, the newest month first."""
    found: dict[date, list[IncidentKey]] = defaultdict(list)
    for key in keys:
        first, last = days_touched(key, site)
        month = first.replace(day=1)
        while month <= last:
            found[month].append(key)
            month = next_month(month)
    return {month: tuple(found[month]) for month in sorted(found, reverse=True)}


def days_touched(key: IncidentKey | IncidentView, site: Site) -> tuple[date, date]:
    zone = site.page.zone
    return key.started_at.astimezone(zone).date(), (key.resolved_at or site.now).astimezone(zone).date()


def next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _history_source(site: Site, months: dict[date, tuple[IncidentKey, ...]]) -> Source:
    newest = list(months)[:MONTHS_SHOWN]
    told = [(key.reference, key.revision) for month in newest for key in months[month]]
    counts = [(month, len(keys)) for month, keys in months.items()]

    def render(edition: Edition) -> list[File]:
        shown = [_month(site, month, months[month]) for month in newest]
        context = {
            "months": shown,
            "all_months": counts,
            "years": list(years_of(site)),
            "stages": Stage,
            "services": site.overview.services,
        }
        return [page_file(edition, "/history", "public/history.html", context)]

    return per_language(site, "history", digest(told, counts, _today(site)), ["/history"], render)


def _month_source(site: Site, first: date, months: dict[date, tuple[IncidentKey, ...]]) -> Source:
    path = f"/history/{first:%Y-%m}"
    keys = months[first]
    ordered = sorted(months)
    place = ordered.index(first)

    def render(edition: Edition) -> list[File]:
        context = {
            "month": _month(site, first, keys),
            "earlier": ordered[place - 1] if place else None,
            "later": ordered[place + 1] if place + 1 < len(ordered) else None,
        }
        return [page_file(edition, path, "public/month.html", context)]

    key = digest([(key.reference, key.revision) for key in keys], ordered[place - 1 : place + 2])
    if any(not key.is_over for key in keys) or next_month(first) > _today(site):
        key = digest(key, _today(site))
    return per_language(site, f"month:{first:%Y-%m}", key, [path], render)


def _today(site: Site) -> date:
    return site.now.astimezone(site.page.zone).date()


def _month(site: Site, first: date, keys: tuple[IncidentKey, ...]) -> Month:
    """Its days up to today, newest first, each with the incidents that touched it."""
    incidents = site.load(keys)
    spans = [(*days_touched(incident, site), incident) for incident in incidents]
    last = min(next_month(first) - timedelta(days=1), _today(site))
    days = (last - timedelta(days=back) for back in range((last - first).days + 1))
    return Month(
        first,
        tuple(Day(day, tuple(i for begin, end, i in spans if begin <= day <= end)) for day in days),
        incidents,
    )
