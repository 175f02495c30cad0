"""Small pictures of a state for a README or an intranet: of the page, of each service."""

from collections.abc import Iterator

from django.utils import translation
from django.utils.translation import gettext as _

from incidents.models import ServiceStatus
from incidents.queries.page import Overview
from incidents.queries.service import ServiceView
from incidents.snapshots.badge_drawing import draw
from incidents.snapshots.edition import Edition
from incidents.snapshots.pages import digest, per_language
from incidents.snapshots.presenting import headline
from incidents.snapshots.site import Site
from incidents.snapshots.source import SVG, File, Source


def sources(site: Site) -> Iterator[Source]:
    shown = headline(site.overview)
    key = digest(shown.status, site.overview.status)
    yield per_language(site, "badge", key, ["/badge.svg"], lambda e: [_page_badge(e, site.overview)])
    for group in site.overview.groups:
        yield from (_service_source(site, service) for service in group.services)


def _service_source(site: Site, service: ServiceView) -> Source:
    path = f"/services/{service.slug}/badge.svg"
    key = digest(service.status, service.name)

    def render(edition: Edition) -> list[File]:
        with translation.override(edition.language):
            words = str(service.status.label)
        return [_file(edition, path, service.in_language(edition.language).name, words, service.status)]

    return per_language(site, f"badge:{service.slug}", key, [path], render)


def _page_badge(edition: Edition, overview: Overview) -> File:
    with translation.override(edition.language):
        status = headline(overview).status
        has_recovered = overview.status == ServiceStatus.OPERATIONAL != status and overview.open_incidents
        words = _("Incident open") if has_recovered else str(status.label)
    return _file(edition, "/badge.svg", edition.page.name, words, status)


def _file(edition: Edition, path: str, label: str, words: str, status: ServiceStatus) -> File:
    """Its twin says that nothing is known."""
    with translation.override(edition.language):
        unknown = str(ServiceStatus.UNKNOWN.label)
    return File(
        edition.path(path),
        draw(label, words, status),
        SVG,
        stale=draw(label, unknown, ServiceStatus.UNKNOWN),
        language=edition.language,
    )
