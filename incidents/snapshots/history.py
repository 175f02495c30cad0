"""The past: a page a month, each day of it by its anchor, and the list of months."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.safestring import SafeString

from incidents.models import MaintenanceState, Stage
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.published import IncidentKey, MaintenanceKey
from incidents.snapshots.edition import Edition
from incidents.snapshots.lines import lines_of
from incidents.snapshots.pages import digest, page_file, per_language
from incidents.snapshots.search import years_of
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

MONTHS_SHOWN = 3
LINES_SHOWN = 50


@dataclass(frozen=True)
class Day:
    day: date
    incidents: tuple[SafeString, ...]
    maintenances: tuple[MaintenanceView, ...]


@dataclass(frozen=True)
class Month:
    """`incidents` are lines as HTML."""

    first: date
    days: tuple[Day, ...]


@dataclass(frozen=True)
class Newest:
    """The newest of a month, as many as the page has room for; `left` more stand on the month's own page."""

    first: date
    incidents: tuple[SafeString, ...]
    maintenances: tuple[MaintenanceView, ...]
    left: int


@dataclass(frozen=True)
class Keys:
    """What touched one month of the page's zone."""

    incidents: tuple[IncidentKey, ...] = ()
    maintenances: tuple[MaintenanceKey, ...] = ()

    @property
    def told(self) -> list[tuple[str, int]]:
        return [
            *((key.reference, key.revision) for key in self.incidents),
            *((key.id, key.revision) for key in self.maintenances),
        ]

    @property
    def is_past(self) -> bool:
        return all([*(key.is_over for key in self.incidents), *(key.is_over for key in self.maintenances)])


def sources(site: Site) -> Iterator[Source]:
    months = months_of(site)
    yield _history_source(site, months)
    yield from (_month_source(site, first, months) for first in months)


def months_of(site: Site) -> dict[date, Keys]:
    """What touched each month of the page's zone, the newest month first."""
    incidents: dict[date, list[IncidentKey]] = defaultdict(list)
    maintenances: dict[date, list[MaintenanceKey]] = defaultdict(list)
    for key in site.incidents:
        for month in _months(*days_touched(key, site)):
            incidents[month].append(key)
    for work in site.maintenances:
        if days := days_under(work, site):
            for month in _months(*days):
                maintenances[month].append(work)
    return {
        month: Keys(tuple(incidents[month]), tuple(maintenances[month]))
        for month in sorted({*incidents, *maintenances}, reverse=True)
    }


def months_touched(keys: Iterable[IncidentKey], site: Site) -> list[date]:
    """The newest month first."""
    return sorted({month for key in keys for month in _months(*days_touched(key, site))}, reverse=True)


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = next_month(month)


def days_touched(key: IncidentKey, site: Site) -> tuple[date, date]:
    zone = site.page.zone
    return key.started_at.astimezone(zone).date(), (key.resolved_at or site.now).astimezone(zone).date()


def days_under(key: MaintenanceKey | MaintenanceView, site: Site) -> tuple[date, date] | None:
    """The days on which a maintenance ran, or on which it was cancelled; none for one still to come."""
    if key.touched is None:
        return None
    from_at, until_at = key.touched
    zone = site.page.zone
    return from_at.astimezone(zone).date(), (until_at or site.now).astimezone(zone).date()


def next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _history_source(site: Site, months: dict[date, Keys]) -> Source:
    newest = list(months)[:MONTHS_SHOWN]
    told = [months[month].told for month in newest]
    counts = [(month, len(keys.incidents), len(keys.maintenances)) for month, keys in months.items()]

    def render(edition: Edition) -> list[File]:
        shown = list(_newest(site, {month: months[month] for month in newest}, edition))
        context = {
            "months": shown,
            "all_months": counts,
            "years": list(years_of(site)),
            "stages": [*Stage, *MaintenanceState],
            "services": [one.in_language(edition.language) for one in site.overview.services],
        }
        return [page_file(edition, "/history", "public/history.html", context)]

    return per_language(site, "history", digest(told, counts, _today(site)), ["/history"], render)


def _month_source(site: Site, first: date, months: dict[date, Keys]) -> Source:
    path = f"/history/{first:%Y-%m}"
    keys = months[first]
    ordered = sorted(months)
    place = ordered.index(first)

    def render(edition: Edition) -> list[File]:
        context = {
            "month": _month(site, first, keys, edition),
            "earlier": ordered[place - 1] if place else None,
            "later": ordered[place + 1] if place + 1 < len(ordered) else None,
        }
        return [page_file(edition, path, "public/month.html", context)]

    key = digest(keys.told, ordered[place - 1 : place + 2])
    if not keys.is_past or next_month(first) > _today(site):
        key = digest(key, _today(site))
    return per_language(site, f"month:{first:%Y-%m}", key, [path], render)


def _today(site: Site) -> date:
    return site.now.astimezone(site.page.zone).date()


def _newest(site: Site, months: Mapping[date, Keys], edition: Edition) -> Iterator[Newest]:
    room = LINES_SHOWN
    for month, keys in months.items():
        incidents = keys.incidents[:room]
        lines = lines_of(site, incidents, edition)
        yield Newest(
            month,
            tuple(lines[key.reference] for key in incidents),
            _works(site, keys, edition),
            left=len(keys.incidents) - len(incidents),
        )
        room -= len(incidents)


def _works(site: Site, keys: Keys, edition: Edition) -> tuple[MaintenanceView, ...]:
    return tuple(one.in_language(edition.language) for one in site.load_maintenances(keys.maintenances))


def _month(site: Site, first: date, keys: Keys, edition: Edition) -> Month:
    """Its days up to today, newest first, each with what touched it."""
    lines = lines_of(site, keys.incidents, edition)
    spans = [(*days_touched(key, site), lines[key.reference]) for key in keys.incidents]
    works = [(*stretch, work) for work in _works(site, keys, edition) if (stretch := days_under(work, site))]
    last = min(next_month(first) - timedelta(days=1), _today(site))
    days = (last - timedelta(days=back) for back in range((last - first).days + 1))
    return Month(
        first,
        tuple(
            Day(
                day,
                incidents=tuple(line for begin, end, line in spans if begin <= day <= end),
                maintenances=tuple(m for begin, end, m in works if begin <= day <= end),
            )
            for day in days
        ),
    )
