"""The feeds' addresses: the newest of what was told, in each language."""

from collections.abc import Iterator
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from incidents.queries.published import IncidentKey, MaintenanceKey
from incidents.snapshots.edition import Edition
from incidents.snapshots.feeds import atom, rss
from incidents.snapshots.feeds.entries import Entry, incident_entry, maintenance_entry
from incidents.snapshots.pages import digest, per_language
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

NEWEST = 50


def sources(site: Site) -> Iterator[Source]:
    incidents, maintenances = _newest(site)
    revisions = [(key.reference, key.revision) for key in incidents]
    key = digest(revisions, [(one.id, one.revision) for one in maintenances])
    yield per_language(
        site, "feeds", key, [atom.PATH, rss.PATH], lambda e: _files(site, e, incidents, maintenances)
    )


def _newest(site: Site) -> tuple[list[IncidentKey], list[MaintenanceKey]]:
    """Those of both kinds that were published last, together at most fifty."""
    told: list[tuple[datetime, IncidentKey | MaintenanceKey]] = [
        *((key.published_at, key) for key in site.incidents),
        *((key.created_at, key) for key in site.maintenances),
    ]
    newest = [one for _at, one in sorted(told, key=lambda pair: pair[0], reverse=True)[:NEWEST]]
    incidents = [one for one in newest if isinstance(one, IncidentKey)]
    return incidents, [one for one in newest if not isinstance(one, IncidentKey)]


def _files(
    site: Site, edition: Edition, incidents: list[IncidentKey], maintenances: list[MaintenanceKey]
) -> Iterator[File]:
    views = [view.in_language(edition.language) for view in site.load(incidents)]
    planned = site.load_maintenances(maintenances)
    with translation.override(edition.language):
        title = _("%(page)s - Incident History") % {"page": edition.page.name}
        entries: list[Entry] = [
            *(incident_entry(view, edition) for view in views),
            *(maintenance_entry(one.in_language(edition.language), edition) for one in planned),
        ]
    entries.sort(key=lambda entry: entry.published_at, reverse=True)
    for kind in (atom, rss):
        body = kind.write(entries, edition, title=title)
        yield File(edition.path(kind.PATH), body, kind.TYPE, language=edition.language)
