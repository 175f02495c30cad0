"""The uptime of each service as a badge: of what people told and what monitors saw, the worse."""

from collections.abc import Iterator

from django.utils import translation
from django.utils.translation import gettext as _

from incidents.models import ServiceStatus
from incidents.queries.past_days import Past
from incidents.queries.service import ServiceView
from incidents.snapshots.badge_drawing import draw
from incidents.snapshots.edition import Edition
from incidents.snapshots.pages import digest, per_language
from incidents.snapshots.site import BAR_DAYS, Site
from incidents.snapshots.source import SVG, File, Source
from incidents.snapshots.uptime import uptime_text

STEPS = (
    (0.999, ServiceStatus.OPERATIONAL),
    (0.99, ServiceStatus.DEGRADED),
    (0.95, ServiceStatus.PARTIAL_OUTAGE),
    (0.0, ServiceStatus.MAJOR_OUTAGE),
)
"""From which share of the time on it has the colour of which status."""


def sources(site: Site) -> Iterator[Source]:
    """Anew every hour, as the figures of the page. They tell the past, so that they have no twin."""
    for group in site.overview.groups:
        yield from (_source(site, service) for service in group.services)


def _source(site: Site, service: ServiceView) -> Source:
    path = f"/services/{service.slug}/uptime.svg"
    told = [(key.reference, key.revision) for key in site.incidents_of_service.get(service.id, ())]
    key = digest(f"{site.now:%Y-%m-%dT%H}", told)

    def render(edition: Edition) -> list[File]:
        return [_file(edition, path, service, site.recent_pasts[service.id])]

    return per_language(site, f"uptime-badge:{service.slug}", key, [path], render)


def _file(edition: Edition, path: str, service: ServiceView, past: Past) -> File:
    words, status = _figure(past, weight=edition.page.partial_outage_weight)
    with translation.override(edition.language):
        name = service.in_language(edition.language).name
        label = _("%(service)s uptime, %(days)d days") % {"service": name, "days": BAR_DAYS}
        words = words or _("no data yet")
    return File(edition.path(path), draw(label, words, status), SVG, language=edition.language)


def _figure(past: Past, *, weight: float) -> tuple[str, ServiceStatus]:
    """As the page writes it, and the status whose colour it has; nothing where nothing is known."""
    shares = {
        share: seconds
        for seconds in (past.declared_in(BAR_DAYS), past.seen_in(BAR_DAYS))
        if (share := seconds.uptime(weight=weight)) is not None
    }
    if not shares:
        return "", ServiceStatus.UNKNOWN
    worse = min(shares)
    return uptime_text(shares[worse], weight=weight), next(
        status for least, status in STEPS if worse >= least
    )
