"""What machines ask every site for."""

from collections.abc import Iterator
from datetime import date, timedelta

from incidents.models import Page
from incidents.snapshots.edition import Edition
from incidents.snapshots.site import Site
from incidents.snapshots.source import TEXT, File, Source

ROBOTS = """User-agent: *
Disallow: /console/
Disallow: /confirm/
Disallow: /manage
Disallow: /unsubscribe/
Disallow: /hooks/
"""
NO_ROBOTS = """User-agent: *
Disallow: /
"""
SECURITY_PATH = "/.well-known/security.txt"
SECURITY_MONTHS = 7


def sources(site: Site) -> Iterator[Source]:
    first = site.editions[0]
    yield Source("robots", "", ("/robots.txt",), lambda: [File("/robots.txt", _robots(first), TEXT)])
    if site.page.security_contact.strip():
        key = f"{_expires_on(site):%Y-%m}"
        yield Source("security", key, (SECURITY_PATH,), lambda: [File(SECURITY_PATH, _security(site), TEXT)])


def _robots(edition: Edition) -> bytes:
    if edition.page.is_private:
        return NO_ROBOTS.encode()
    return f"{ROBOTS}\nSitemap: {edition.url('/sitemap.xml')}\n".encode()


def _security(site: Site) -> bytes:
    """As RFC 9116 has it."""
    lines = [
        f"Contact: {_contact(site.page)}",
        f"Expires: {_expires_on(site):%Y-%m-%d}T00:00:00Z",
        f"Preferred-Languages: {', '.join(site.page.languages)}",
        f"Canonical: {site.editions[0].url(SECURITY_PATH)}",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _contact(page: Page) -> str:
    """An address of the web or of mail, on one line."""
    contact = "".join(page.security_contact.split())
    is_address = "@" in contact and ":" not in contact
    return f"mailto:{contact}" if is_address else contact


def _expires_on(site: Site) -> date:
    """Half a year and more ahead, less than a year as the standard asks; another one each month."""
    month = site.now.date().replace(day=1)
    for _ in range(SECURITY_MONTHS):
        month = (month + timedelta(days=32)).replace(day=1)
    return month
