"""The addresses of a page for search engines (sitemaps.org), each with those of its other languages."""

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from incidents.snapshots.history import months_of
from incidents.snapshots.pages import digest
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

PATH = "/sitemap.xml"
TYPE = "application/xml; charset=utf-8"
NEWEST = 200
OPENING = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
)


def sources(site: Site) -> Iterator[Source]:
    if not site.page.is_private:
        listed = list(_paths(site))
        yield Source("sitemap", digest(listed), (PATH,), lambda: [_file(site, listed)])


def _paths(site: Site) -> Iterator[tuple[str, datetime | None]]:
    """With when each last changed, where that is known. Older incidents stand on the pages of their months."""
    yield "/", None
    yield "/history", None
    yield "/uptime", None
    for group in site.overview.groups:
        yield from ((f"/services/{service.slug}", None) for service in group.services)
    yield from ((f"/history/{month:%Y-%m}", None) for month in months_of(site))
    standing = (report.number for report in site.reports if not report.is_withdrawn)
    yield from ((f"/reports/{number}", None) for number in standing)
    yield from ((f"/maintenance/{key.id}", None) for key in site.maintenances[:NEWEST])
    yield from ((f"/incidents/{key.reference}", key.updated_at) for key in site.incidents[:NEWEST])


def _file(site: Site, listed: list[tuple[str, datetime | None]]) -> File:
    urls = "".join(_url(site, path, at) for path, at in listed)
    return File(PATH, f"{OPENING}{urls}</urlset>\n".encode(), TYPE)


def _url(site: Site, path: str, changed_at: datetime | None) -> str:
    """One entry a language, each of which names them all."""
    others = "".join(
        f"<xhtml:link rel={quoteattr('alternate')} hreflang={quoteattr(e.language)} href={quoteattr(e.url(path))}/>"
        for e in site.editions
    )
    changed = f"<lastmod>{changed_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>" if changed_at else ""
    return "".join(f"<url><loc>{escape(e.url(path))}</loc>{changed}{others}</url>\n" for e in site.editions)
