"""What the link of an alert names, and what staff are told of now."""

from collections.abc import Iterable

from incidents.lib import tokens
from incidents.models import Incident, Page, Staff, StaffAlert, StaffContact

PURPOSE = "acknowledge"


def acknowledge_token(alert: StaffAlert, contact: StaffContact) -> str:
    return tokens.sign(PURPOSE, f"{alert.pk}:{contact.pk}")


def find_by_link(token: str) -> tuple[StaffAlert, StaffContact] | None:
    """What the link of an alert names, as long as its contact is one."""
    alert_id, _, contact_id = (tokens.read(PURPOSE, token) or "").partition(":")
    if not (alert_id.isdecimal() and contact_id.isdecimal()):
        return None
    alert = StaffAlert.objects.select_related("page", "incident").filter(pk=int(alert_id)).first()
    contact = StaffContact.objects.filter(pk=int(contact_id)).first()
    if alert is None or contact is None or alert.page_id != contact.page_id:
        return None
    return alert, contact


def acknowledged_by(incidents: Iterable[Incident]) -> dict[int, str]:
    """Who looks at each, by the incident's id: whoever pressed the button of the console or of an alert."""
    looked_at = [incident.pk for incident in incidents if incident.acknowledged_at]
    if not looked_at:
        return {}
    alerts = StaffAlert.objects.filter(incident__in=looked_at).exclude(acknowledged_name="")
    names = dict(alerts.values_list("incident_id", "acknowledged_name"))
    staff = Staff.objects.filter(acknowledged_incidents__in=looked_at)
    rows = staff.values_list("acknowledged_incidents", "name", "email")
    return names | {pk: name or email for pk, name, email in rows}


def open_alerts(page: Page) -> list[StaffAlert]:
    """Those that tell of no incident, the newest first."""
    found = StaffAlert.objects.filter(page=page, incident=None, ended_at=None)
    return list(found.select_related("acknowledged_by"))
