"""The past of services as the page shows it: bars, figures side by side, the table of days."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from incidents.models import ServiceStatus
from incidents.queries.past_days import Day, Past, Seconds
from incidents.queries.service import ServiceView
from incidents.queries.uptime import PERIODS, YEAR
from incidents.snapshots.bars import RUNS, Bar, Place, draw, durations, kind_of
from incidents.snapshots.edition import Edition
from incidents.snapshots.measured import charts_of
from incidents.snapshots.pages import digest, page_file, per_language
from incidents.snapshots.site import BAR_DAYS, Site
from incidents.snapshots.source import File, Source
from incidents.templatetags.page_time import format_day
from incidents.templatetags.uptime import percent

PATH = "/uptime"
# A year of days in rows, each about as long as a bar.
ROWS_A_YEAR = 4


@dataclass(frozen=True)
class Figures:
    """Uptime over the last `days`, as people told it and as monitors saw it; empty where nothing is known."""

    days: int
    declared: str
    seen: str
    coverage: str


@dataclass(frozen=True)
class Row:
    """A day as a line of the table, or days from `first` to `last` of which there is no more to say than of one."""

    first: date
    last: date
    status: ServiceStatus
    href: str
    declared: tuple[str, ...]
    seen: tuple[str, ...]
    is_watched: bool
    observed: str


def sources(site: Site) -> Iterator[Source]:
    """Anew every hour: shares of a year do not move faster, unless an incident tells of a service."""
    told = list(site.hits.values())
    works = [(key.id, key.revision) for key in site.maintenances]
    key = digest(f"{site.now:%Y-%m-%dT%H}", told, works)
    yield per_language(site, "uptime", key, [PATH], lambda edition: [_uptime(site, edition)])


def bars_of(site: Site, edition: Edition) -> dict[int, str]:
    """HTML by the service's id: written once for the page and its stale twin."""
    with translation.override(edition.language):
        return {service.id: _kept_bar(site, service, edition) for service in _services(site, edition)}


def _kept_bar(site: Site, service: ServiceView, edition: Edition) -> str:
    """Hundreds of bars, of which one has changed. As time passes alone, they are drawn anew each hour."""
    past = site.recent_pasts[service.id]
    key = (service.name, _hourly(past, site))
    return site.kept.one(f"bars {edition.language}", service.id, key, lambda: _bar(past, service, edition))


def _hourly(past: Past, site: Site) -> tuple[Past, str]:
    """The same until something happens, or an hour has passed."""
    return replace(past, calendar=past.calendar.whole_days), f"{site.now:%Y-%m-%dT%H}"


def past_context(site: Site, edition: Edition, service: ServiceView) -> dict[str, Any]:
    """What the page of the service, which is in the edition's language, shows of its past."""
    past, year = site.recent_pasts[service.id], site.year_pasts[service.id]
    with translation.override(edition.language):
        return {
            "bars": {service.id: _bar(past, service, edition)},
            "figures": _all_figures(site, service.id),
            "rows": list(_rows(past, _place(service, edition))),
            "year": list(_year(year, service, edition)),
            "charts": charts_of(site, service.id),
        }


def _services(site: Site, edition: Edition) -> Iterator[ServiceView]:
    """As the page names them in the edition's language, in its order."""
    for group in site.overview.groups:
        yield from (service.in_language(edition.language) for service in group.services)


def figures_of(past: Past, *, days: int, weight: float) -> Figures:
    seen = past.seen_in(days)
    return Figures(
        days=days,
        declared=uptime_text(past.declared_in(days), weight=weight),
        seen=uptime_text(seen, weight=weight),
        coverage=percent(seen.known, seen.total, places=1) if seen.known else "",
    )


def uptime_text(seconds: Seconds, *, weight: float) -> str:
    if not seconds.known:
        return ""
    return percent(seconds.known - seconds.lost(weight=weight), seconds.known)


def _uptime(site: Site, edition: Edition) -> File:
    services = [(service, _all_figures(site, service.id)) for service in _services(site, edition)]
    context = {"periods": PERIODS, "services": services, "weight": edition.page.partial_outage_weight}
    return page_file(edition, PATH, "public/uptime.html", context)


def _all_figures(site: Site, service_id: int) -> list[Figures]:
    past, weight = site.year_pasts[service_id], site.page.partial_outage_weight

    def read() -> list[Figures]:
        return [figures_of(past, days=days, weight=weight) for days in PERIODS]

    return site.kept.one("figures", service_id, _hourly(past, site), read)


def _place(service: ServiceView, edition: Edition) -> Place:
    return Place(slug=service.slug, prefix=edition.prefix, language=edition.language)


def _bar(past: Past, service: ServiceView, edition: Edition) -> str:
    name = service.in_language(edition.language).name
    label = _("%(name)s: the last %(days)d days") % {"name": name, "days": BAR_DAYS}
    figures = figures_of(past, days=BAR_DAYS, weight=edition.page.partial_outage_weight)
    drawing = draw(past, label=label, place=_place(service, edition))
    return render_to_string("public/_bar.html", {"drawing": drawing, "figures": figures})


def _year(past: Past, service: ServiceView, edition: Edition) -> Iterator[tuple[date, date, Bar]]:
    """The rows of a year, each with its first and last day."""
    cuts = [YEAR * row // ROWS_A_YEAR for row in range(ROWS_A_YEAR + 1)]
    for start, stop in pairwise(cuts):
        first, last = past.calendar.day(start), past.calendar.day(stop - 1)
        ends = [format_day(day, language=edition.language) for day in (first, last)]
        label = f"{service.in_language(edition.language).name}: {' – '.join(ends)}"
        drawing = draw(past, label=label, place=_place(service, edition), days=range(start, stop))
        yield first, last, drawing


def _rows(past: Past, place: Place) -> Iterator[Row]:
    """Newest first."""
    numbered = enumerate(reversed(list(past.days())))
    for (kind, _number), members in groupby(numbered, key=lambda item: _alike(*item)):
        days = [day for _, day in members]
        yield _row(days, place, is_run=kind in RUNS)


def _alike(number: int, day: Day) -> tuple[str, int]:
    """Days of a run are told together, others each on its own."""
    kind = kind_of(day)
    return kind, 0 if kind in RUNS else number


def _row(days: list[Day], place: Place, *, is_run: bool) -> Row:
    newest = days[0]
    checks = [day.checks for day in days if day.checks is not None]
    seconds = Seconds(*map(sum, zip(*checks, strict=True)))
    has_gap = any(day.has_gap for day in days)
    return Row(
        first=days[-1].day,
        last=newest.day,
        status=newest.status,
        href=place.of(newest) if newest.is_told else "",
        declared=() if is_run else tuple(durations(newest.declared)),
        seen=() if is_run else tuple(durations(seconds)),
        is_watched=bool(checks),
        observed=percent(seconds.known, seconds.total, places=1) if has_gap else "",
    )
