"""Every address of a page, and what answers for it."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

from incidents.queries.published import look_of
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
    *(html, maintenance, history, search, uptime, look, icons),
    *(v2, feeds, calendar, badges, uptime_badges, embed, wellknown, sitemap, previews),
)
RENDERED_FROM = ("incidents", "templates")


def sources(site: Site) -> Iterator[Source]:
    for module in MODULES:
        yield from module.sources(site)


def find_file(site: Site, address: str) -> File | None:
    """What is published at the address, rendered now."""
    for source in sources(site):
        if address in source.addresses:
            return next((file for file in source.render() if file.address == address), None)
    return None


def look_key(site: Site) -> str:
    """Changes with what every file may show: the page's settings, its services' names, the release."""
    return hashlib.sha256(f"{_release()} {look_of(site.page)!r}".encode()).hexdigest()[:16]


@cache
def _release() -> str:
    """Of this process: the code and the templates it renders with."""
    digest = hashlib.sha256()
    for folder in RENDERED_FROM:
        for path in sorted(Path(settings.BASE_DIR, folder).rglob("*")):
            if path.suffix in (".py", ".html", ".css", ".js", ".mo", ".svg", ".ico"):
                digest.update(path.read_bytes())
    return digest.hexdigest()
