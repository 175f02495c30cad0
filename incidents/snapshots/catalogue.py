"""Every address of a page, and what answers for it."""

from collections.abc import Iterator

from incidents.snapshots import (
    badges,
    calendar,
    embed,
    history,
    html,
    icons,
    look,
    maintenance,
    previews,
    reports,
    search,
    sitemap,
    uptime,
    uptime_badges,
    wellknown,
)
from incidents.snapshots.feeds import documents as feeds
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source
from incidents.snapshots.v2 import documents as v2

MODULES = (
    *(html, reports, maintenance, history, search, uptime, look, icons),
    *(v2, feeds, calendar, badges, uptime_badges, embed, wellknown, sitemap, previews),
)


def sources(site: Site) -> Iterator[Source]:
    for module in MODULES:
        yield from module.sources(site)


def find_file(site: Site, address: str) -> File | None:
    """What is published at the address, rendered now."""
    for source in sources(site):
        if address in source.addresses:
            return next((file for file in source.render() if file.address == address), None)
    return None
