"""What was told of an incident or a maintenance, one update after the other, for everything but the page itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.utils.html import format_html
from django.utils.translation import gettext as _

from incidents.lib.ids import short_id
from incidents.lib.markdown import plain
from incidents.models import Page, Stage
from incidents.queries.incident_view import IncidentView
from incidents.queries.maintenance_view import MaintenanceView
from incidents.queries.update_view import UpdateView


class Place(Protocol):
    """Where it is told: a page in one of its languages, whose `url` makes a path of it absolute."""

    @property
    def page(self) -> Page: ...

    def url(self, path: str) -> str: ...


@dataclass(frozen=True)
class Told:
    """`label` is the status in the active language, `body` plain words; `scope` maps a service's id to its
    status as told."""

    id: str
    status: str
    label: str
    body: str
    body_html: str
    created_at: datetime
    updated_at: datetime
    display_at: datetime
    scope: Mapping[int, str] = field(default_factory=dict)


def tell_incident(incident: IncidentView, place: Place) -> list[Told]:
    """Newest first, and never none: readers take the first without looking. In the active language."""
    told = [_told(update) for update in incident.updates]
    if has_postmortem(incident) and (not told or told[0].status != Stage.POSTMORTEM):
        told.insert(0, _tell_report(incident, place))
    return told or [_tell_opening(incident)]


def has_postmortem(incident: IncidentView) -> bool:
    """A report issued while the incident goes on is an interim one: to programs a postmortem means the end."""
    return incident.is_over and incident.report_number is not None and not incident.report_withdrawn


def tell_maintenance(maintenance: MaintenanceView) -> list[Told]:
    """Newest first."""
    return [
        Told(
            id=short_id(f"maintenance {maintenance.id}", update.number),
            status=update.state,
            label=update.state_label,
            body=plain(update.body),
            body_html=update.body_html,
            created_at=update.published_at,
            updated_at=update.published_at,
            display_at=update.happened_at,
        )
        for update in maintenance.updates
    ]


def newest_start(told: Sequence[Told], status: str) -> datetime | None:
    """When the newest stretch of a status began; `told` newest first."""
    found = None
    for one in told:
        if one.status == status:
            found = one.display_at
        elif found:
            break
    return found


def _told(update: UpdateView) -> Told:
    return Told(
        id=short_id("update", update.id),
        status=update.stage,
        label=update.stage_label,
        body=plain(update.body) or _("No text on record"),
        body_html=update.body_html or format_html("<p>{}</p>", _("No text on record")),
        created_at=update.published_at,
        updated_at=update.edited_at or update.published_at,
        display_at=update.happened_at,
        scope=update.scope,
    )


def _tell_report(incident: IncidentView, place: Place) -> Told:
    """Where the page shows the report's number and its link."""
    address = place.url(f"/reports/{incident.report_number}")
    words = _("The post-incident report %(number)s has been published.") % {"number": incident.report_number}
    issued_at = incident.report_issued_at or incident.updated_at
    at = max([issued_at, *(update.happened_at for update in incident.updates[:1])])
    return Told(
        id=short_id("postmortem", incident.id),
        status=Stage.POSTMORTEM,
        label=str(Stage.POSTMORTEM.label),
        body=f"{words}\n\n{address}",
        body_html=format_html('<p>{} <a href="{}">{}</a></p>', words, address, address),
        created_at=at,
        updated_at=at,
        display_at=at,
    )


def _tell_opening(incident: IncidentView) -> Told:
    """Of a past incident whose updates are not on record."""
    return Told(
        id=short_id("opening", incident.id),
        status=incident.stage,
        label=incident.stage_label,
        body=_("No text on record"),
        body_html=format_html("<p>{}</p>", _("No text on record")),
        created_at=incident.published_at,
        updated_at=incident.published_at,
        display_at=incident.published_at,
    )
