"""The page of each planned maintenance, in each language."""

from collections.abc import Iterator
from datetime import datetime

from incidents.queries.published import MaintenanceKey
from incidents.snapshots.edition import Edition
from incidents.snapshots.pages import page_file, per_language
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source


def sources(site: Site) -> Iterator[Source]:
    yield from (_source(site, key) for key in site.maintenances)


def _source(site: Site, key: MaintenanceKey) -> Source:
    path = f"/maintenance/{key.id}"

    def render(edition: Edition) -> list[File]:
        maintenance = site.load_maintenance(key.id).in_language(edition.language)
        context = {"maintenance": maintenance, "news": maintenance.news}
        return [
            page_file(edition, path, "public/maintenance.html", context, stale=None if key.is_over else {})
        ]

    shown = f"{key.revision} {is_late(site, key.due_at)}"
    return per_language(site, f"maintenance:{key.id}", shown, [path], render)


def is_late(site: Site, due_at: datetime | None) -> bool:
    """What a page says of a window without anybody's doing: that its start, or its end, has passed."""
    return due_at is not None and due_at <= site.now
