"""The pages that customers read, in each language."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import translation

from incidents.models import ServiceStatus
from incidents.queries.incident_view import IncidentView
from incidents.queries.page import Overview
from incidents.queries.published import IncidentKey
from incidents.queries.service import ServiceView
from incidents.snapshots.edition import Edition
from incidents.snapshots.history import months_touched
from incidents.snapshots.lines import lines_of
from incidents.snapshots.maintenance import is_late
from incidents.snapshots.pages import digest, page_file, per_language
from incidents.snapshots.presenting import (
    freshness,
    grey,
    greyed,
    headline,
    icon,
    news,
    news_of,
    recent,
    stopped_headline,
)
from incidents.snapshots.rows import rows_of
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source
from incidents.snapshots.summary import summarise
from incidents.snapshots.uptime import bars_of, past_context

NOT_FOUND = "/404"
# How old the front page may be before a reader's browser warns: as long as publishing may pause.
PATIENCE_SECONDS = 120
PAST_SHOWN = 50


def sources(site: Site) -> Iterator[Source]:
    yield per_language(site, "overview", f"{site.now.isoformat()}", ["/"], lambda e: [_overview(site, e)])
    yield per_language(site, "not-found", "", [NOT_FOUND], lambda e: [_not_found(e)])
    yield from (_service_source(site, service) for service in site.overview.services)
    yield from (_incident_source(site, key) for key in site.incidents)


def _overview(site: Site, edition: Edition) -> File:
    context = front_page(site, edition)
    stale = overview_context(site, greyed(context["overview"]), edition, bars=context["bars"], is_grey=True)
    return page_file(edition, "/", "public/overview.html", context, stale=stale)


def front_page(site: Site, edition: Edition) -> dict[str, Any]:
    """What the overview shows, for whoever adds to it."""
    return overview_context(
        site, site.overview_in(edition.language), edition, bars=bars_of(site, edition), is_grey=False
    )


def overview_context(
    site: Site, shown: Overview, edition: Edition, *, bars: Mapping[int, str], is_grey: bool
) -> dict[str, Any]:
    with translation.override(edition.language):
        head = stopped_headline() if is_grey else headline(shown)
        return {
            "overview": shown,
            "headline": head,
            "icon": icon(head.status),
            "freshness": freshness(shown),
            "recent": recent(shown),
            "patience": PATIENCE_SECONDS,
            "news": news(shown),
            "bars": bars,
            "rows": rows_of(site, shown, edition, bars=bars, is_grey=is_grey),
        }


def _not_found(edition: Edition) -> File:
    return page_file(edition, NOT_FOUND, "public/not_found.html", {}, status=404)


def _service_source(site: Site, service: ServiceView) -> Source:
    """Without the instant of the newest data in its key: hundreds of pages would be written each time.

    Its bars and charts are renewed with the hour.
    """
    keys = site.incidents_of_service.get(service.id, ())
    ongoing, past = [key for key in keys if not key.is_over], [key for key in keys if key.is_over]
    told = [(key.reference, key.revision) for key in keys]
    shown = (service.status, service.since, service.is_set_by_hand, service.is_stale, service.description)
    planned = [one for one in site.overview.maintenances if service.slug in one.slugs]
    works = [(one.id, one.revision, is_late(site, one.due_at)) for one in planned]
    name, path = f"service:{service.slug}", f"/services/{service.slug}"
    hour = f"{site.now:%Y-%m-%dT%H}"
    charted = site.charted.get(service.id, [])
    key = digest(hour, shown, told, works, charted, *(minute(site, key) for key in ongoing))

    def render(edition: Edition) -> list[File]:
        told_service = service.in_language(edition.language)
        incidents = [one.in_language(edition.language) for one in site.load(ongoing)]
        maintenances = [one.in_language(edition.language) for one in planned]
        context = {
            "service": told_service,
            "icon": icon(service.status),
            "news": news_of(service.status, incidents, maintenances),
            "maintenances": maintenances,
            "open_incidents": incidents,
            "past_incidents": list(lines_of(site, past[:PAST_SHOWN], edition).values()),
            "older_months": months_touched(past[PAST_SHOWN:], site),
            **past_context(site, edition, told_service),
        }
        unknown = ServiceStatus.UNKNOWN
        stale = {
            "service": grey(told_service),
            "icon": icon(unknown),
            "news": news_of(unknown, incidents, maintenances),
        }
        return [page_file(edition, path, "public/service.html", context, stale=stale)]

    return per_language(site, name, key, [path], render)


def minute(site: Site, key: IncidentKey) -> str:
    """An open incident tells how far its promise is, so it is published anew each minute."""
    return "" if key.is_over else f"{site.now:%Y-%m-%dT%H:%M}"


def _incident_source(site: Site, key: IncidentKey) -> Source:
    path = f"/incidents/{key.reference}"

    def render(edition: Edition) -> list[File]:
        return [_incident_file(edition, path, site.load_one(key.reference).in_language(edition.language))]

    shown = f"{key.revision} {minute(site, key)} {_is_report_late(site, key)}"
    return per_language(site, f"incident:{key.reference}", shown, [path], render)


def _is_report_late(site: Site, key: IncidentKey) -> bool:
    today = site.now.astimezone(site.page.zone).date()
    return key.report_due_on is not None and key.report_due_on < today


def _incident_file(edition: Edition, path: str, incident: IncidentView) -> File:
    with translation.override(edition.language):
        summary = summarise(
            incident, zone=edition.page.zone, language=edition.language, address=edition.url(path)
        )
    context = {"incident": incident, "summary": summary, "news": incident.news}
    return page_file(edition, path, "public/incident.html", context, stale=None if incident.is_over else {})
