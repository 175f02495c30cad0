"""The banner for other sites: a page for a frame, empty while all is well, and the script that shows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.utils import translation

from incidents.snapshots.edition import Edition
from incidents.snapshots.pages import digest, page_file, per_language
from incidents.snapshots.presenting import greyed, headline
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

PATH = "/embed"
SCRIPT_PATH = "/embed.js"
SCRIPT_TYPE = "text/javascript; charset=utf-8"


def sources(site: Site) -> Iterator[Source]:
    """The look key changes with the script: it is of the release."""
    told = [(one.reference, one.stage, one.updated_at) for one in site.overview.open_incidents]
    work = [(one.id, one.revision) for one in site.overview.maintenances if one.is_running]
    key = digest(headline(site.overview).status, told, work)
    yield per_language(site, "embed", key, [PATH], lambda edition: [_page(edition, site)])
    yield Source("embed-script", "", (SCRIPT_PATH,), lambda: [File(SCRIPT_PATH, _script(), SCRIPT_TYPE)])


def _page(edition: Edition, site: Site) -> File:
    def context(is_grey: bool) -> dict[str, Any]:
        shown = site.overview_in(edition.language)
        shown = greyed(shown) if is_grey else shown
        running = [one for one in shown.maintenances if one.is_running]
        with translation.override(edition.language):
            return {
                "overview": shown,
                "headline": headline(shown),
                "running": running,
                "url": edition.url("/"),
            }

    return page_file(edition, PATH, "public/embed.html", context(False), stale=context(True))


def _script() -> bytes:
    found = finders.find("incidents/js/embed.js")
    assert found is not None
    return Path(found).read_bytes()
