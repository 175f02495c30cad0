"""The services of the front page, each rendered once for as long as it looks the same."""

from collections.abc import Iterable, Mapping

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from incidents.models import ServiceStatus
from incidents.queries.page import Overview
from incidents.queries.service import ServiceView
from incidents.snapshots.edition import Edition
from incidents.snapshots.site import Site

TEMPLATE = "public/_service.html"


def rows_of(
    site: Site, shown: Overview, edition: Edition, *, bars: Mapping[int, str], is_grey: bool
) -> dict[int, SafeString]:
    """HTML by the service's id; `shown` is in the edition's language."""
    services = {service.id: service for service in shown.services}
    frame = {"page": site.page, "prefix": edition.prefix, "now": site.now}

    def make(lacking: Iterable[int]) -> dict[int, SafeString]:
        with translation.override(edition.language):
            return {
                number: render_to_string(
                    TEMPLATE, frame | {"service": services[number], "bar": bars.get(number, "")}
                )
                for number in lacking
            }

    today = site.now.astimezone(site.page.zone).date()
    wanted = {number: (today, bars.get(number), *_seen(service)) for number, service in services.items()}
    return site.kept.many(f"rows {edition.language} {is_grey}", wanted, make)


def _seen(service: ServiceView) -> tuple[object, ...]:
    """All that a row shows of a service: of the newest data only that of one that has none lately."""
    last = service.last_data_at if service.status == ServiceStatus.UNKNOWN else None
    words = (service.name, service.description, tuple(service.fallbacks.items()))
    return (*words, service.status, service.since, service.is_set_by_hand, last)
