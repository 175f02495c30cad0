"""What machines ask every site for."""

from collections.abc import Iterator

from incidents.snapshots.site import Site
from incidents.snapshots.source import TEXT, File, Source

ROBOTS = """User-agent: *
Disallow: /console/
Disallow: /confirm/
Disallow: /manage
Disallow: /unsubscribe/
Disallow: /hooks/
"""


def sources(site: Site) -> Iterator[Source]:
    yield Source("robots", "", ("/robots.txt",), lambda: [File("/robots.txt", ROBOTS.encode(), TEXT)])
