"""What a feed tells, before it is Atom or RSS."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from incidents.queries.incident_view import IncidentView
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.telling import Told, tell_incident, tell_maintenance
from incidents.snapshots.edition import Edition
from incidents.templatetags.page_time import format_period, zone_name

# Readers take the first <strong> of an entry for its status, so that it is English in every language.
LABELS = {
    "investigating": "Investigating",
    "identified": "Identified",
    "monitoring": "Monitoring",
    "resolved": "Resolved",
    "postmortem": "Postmortem",
    "scheduled": "Scheduled",
    "in_progress": "In progress",
    "verifying": "Verifying",
    "completed": "Completed",
    "cancelled": "Cancelled",
}
AGAIN = "Update"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Entry:
    """`identity` is stable and ends with a number or an id; `told_at` is the instant of the newest update."""

    identity: str
    title: str
    url: str
    status: str
    html: str
    published_at: datetime
    updated_at: datetime
    told_at: datetime


def incident_entry(incident: IncidentView, edition: Edition) -> Entry:
    """In the active language, as all of these."""
    told = tell_incident(incident, edition)
    return Entry(
        identity=f"Incident/{incident.id}",
        title=incident.title,
        url=edition.url(f"/incidents/{incident.reference}"),
        status=told[0].status,
        html="".join(_lines(told, edition)),
        published_at=incident.published_at,
        updated_at=incident.updated_at,
        told_at=told[0].display_at,
    )


def maintenance_entry(maintenance: MaintenanceView, edition: Edition) -> Entry:
    told = tell_maintenance(maintenance)
    return Entry(
        identity=f"Maintenance/{maintenance.id}",
        title=maintenance.title,
        url=edition.url(f"/maintenance/{maintenance.id}"),
        status=maintenance.state,
        html=_window(maintenance, edition) + "".join(_lines(told, edition)),
        published_at=maintenance.created_at,
        updated_at=max(one.updated_at for one in told),
        told_at=told[0].display_at,
    )


def _lines(told: Sequence[Told], edition: Edition) -> Iterator[str]:
    """A paragraph each, newest first; the words follow the label in its own paragraph where they begin with one."""
    befores = [one.status for one in told[1:]]
    for one, before in zip(told, [*befores, ""], strict=True):
        head = f"<small>{_date(one.display_at, edition)}</small><br>{_label(one, before, edition)} - "
        opens = one.body_html.startswith("<p>")
        yield f"<p>{head}{one.body_html[3:]}" if opens else f"<p>{head}</p>{one.body_html}"


def _label(told: Told, before: str, edition: Edition) -> str:
    """What follows the English word is for people."""
    is_new = told.status != before
    word = LABELS[told.status] if is_new else AGAIN
    if edition.language == "en":
        return f"<strong>{word}</strong>"
    meaning = told.label if is_new else pgettext("feed", "Update")
    return f"<strong>{word}</strong>（{escape(meaning)}）"


def _date(at: datetime, edition: Edition) -> str:
    local = at.astimezone(edition.page.zone)
    zone = escape(zone_name(at, zone=edition.page.zone, language=edition.language))
    day = f"<var data-var='date'>{local.day}</var>"
    clock = f"<var data-var='time'>{local:%H:%M}</var>"
    if edition.language == "ja":
        return f"{local.month}月{day}日 {clock}（{zone}）"
    return f"{_MONTHS[local.month - 1]} {day}, {clock} {zone}"


def _window(maintenance: MaintenanceView, edition: Edition) -> str:
    start, end = format_period(
        maintenance.scheduled_from,
        maintenance.scheduled_until,
        zone=edition.page.zone,
        language=edition.language,
    )
    form = "{}：{} ～ {}" if edition.language == "ja" else "{}: {} – {}"
    return f"<p>{escape(form.format(_('Scheduled window'), start, end))}</p>"
