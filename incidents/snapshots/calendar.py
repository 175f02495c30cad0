"""Planned maintenance as a calendar to subscribe to (RFC 5545)."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from django.utils import translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone
from icalendar.enums import CLASS, STATUS, TRANSP

from incidents.lib.plain_text import clean
from incidents.notices.links import mail_host
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.published import MaintenanceKey
from incidents.queries.telling import tell_maintenance
from incidents.snapshots.edition import Edition
from incidents.snapshots.pages import digest, per_language
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

TYPE = "text/calendar; charset=utf-8"
PATH = "/calendar.ics"
NEWEST = 100
ASK_AGAIN = timedelta(hours=1)


def sources(site: Site) -> Iterator[Source]:
    newest = site.maintenances[:NEWEST]
    key = digest([(one.id, one.revision) for one in newest])
    yield per_language(site, "calendar", key, [PATH], lambda edition: [_file(site, edition, newest)])


def _file(site: Site, edition: Edition, keys: Sequence[MaintenanceKey]) -> File:
    maintenances = [one.in_language(edition.language) for one in site.load_maintenances(keys)]
    return File(edition.path(PATH), write(maintenances, edition), TYPE, language=edition.language)


def write(maintenances: Sequence[MaintenanceView], edition: Edition) -> bytes:
    with translation.override(edition.language):
        return bytes(_calendar(maintenances, edition).to_ical())


def _calendar(maintenances: Sequence[MaintenanceView], edition: Edition) -> Calendar:
    page = edition.page
    calendar = Calendar.new(
        name=clean(_("%(page)s - Maintenance") % {"page": page.name}),
        prodid=f"-//{mail_host(page)}//Maintenance//{edition.language.upper()}",
        uid=f"maintenance-{edition.language}@{mail_host(page)}",  # else another one each time it is written
        refresh_interval=ASK_AGAIN,
        url=edition.url("/"),
    )
    calendar.add_component(_zone(maintenances, edition))
    for maintenance in maintenances:
        calendar.add_component(_event(maintenance, edition))
    return calendar


def _zone(maintenances: Sequence[MaintenanceView], edition: Edition) -> Timezone:
    """The rules of the page's zone for as long as there is something planned."""
    instants = [at for one in maintenances for at in (one.scheduled_from, one.scheduled_until)]
    years = [at.year for at in (edition.now, *instants)]
    return Timezone.from_tzid(
        edition.page.time_zone,
        first_date=date(min(years) - 1, 1, 1),
        last_date=date(max(years) + 2, 1, 1),
    )


def _event(maintenance: MaintenanceView, edition: Edition) -> Event:
    """The window as it is planned, and as it was once it has run. It is the same event in every language."""
    zone = edition.page.zone
    starts_at = maintenance.started_at or maintenance.scheduled_from
    ends_at = maintenance.ended_at or maintenance.scheduled_until
    told_at = max(update.published_at for update in maintenance.updates)
    return Event.new(
        uid=f"maintenance-{maintenance.id}@{mail_host(edition.page)}",
        sequence=maintenance.revision,
        stamp=told_at,
        last_modified=told_at,
        created=maintenance.created_at,
        start=starts_at.astimezone(zone),
        end=ends_at.astimezone(zone) if ends_at > starts_at else None,
        summary=clean(maintenance.title),
        description=clean(_describe(maintenance, edition)),
        status=STATUS.CANCELLED if maintenance.state == "cancelled" else STATUS.CONFIRMED,
        url=edition.url(f"/maintenance/{maintenance.id}"),
        categories=["MAINTENANCE"],
        classification=CLASS.PUBLIC,
        transparency=TRANSP.TRANSPARENT,
    )


def _describe(maintenance: MaintenanceView, edition: Edition) -> str:
    latest = tell_maintenance(maintenance)[0]
    colon, comma = ("：", "、") if edition.language == "ja" else (": ", ", ")
    services = comma.join(one.service for one in maintenance.services)
    lines = [f"{_('Status')}{colon}{latest.label}", f"{_('Affected services')}{colon}{services}"]
    return "\n".join([*lines, "", latest.body, "", edition.url(f"/maintenance/{maintenance.id}")])
