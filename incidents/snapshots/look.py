"""A page's own colours, type and logo, as files beside its pages."""

from collections.abc import Iterator

from incidents.snapshots.pages import digest
from incidents.snapshots.site import Site
from incidents.snapshots.source import CSS, PNG, File, Source
from incidents.snapshots.theme import LOGO_PATH, THEME_PATH, logo_of, stylesheet


def sources(site: Site) -> Iterator[Source]:
    css = stylesheet(site.page.theme)
    if css:
        yield Source("theme", digest(css), (THEME_PATH,), lambda: [File(THEME_PATH, css.encode(), CSS)])
    logo = logo_of(site.page)
    if logo:
        yield Source("logo", logo.digest, (LOGO_PATH,), lambda: [File(LOGO_PATH, bytes(logo.png), PNG)])
