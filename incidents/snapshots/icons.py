"""The icon in a browser's tab, which shows the worst state: for browsers that ask for the old address."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from incidents.models import ServiceStatus
from incidents.snapshots.presenting import headline
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

ADDRESS = "/favicon.ico"
ICON = "image/vnd.microsoft.icon"
FOLDER = Path(__file__).parents[1] / "static" / "incidents" / "favicons"


def sources(site: Site) -> Iterator[Source]:
    status = headline(site.overview).status

    def render() -> list[File]:
        return [File(ADDRESS, _icon(status), ICON, stale=_icon(ServiceStatus.UNKNOWN))]

    yield Source("favicon", status, (ADDRESS,), render)


@cache
def _icon(status: str) -> bytes:
    return (FOLDER / f"{status}.ico").read_bytes()
