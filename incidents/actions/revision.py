from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Greatest

from incidents.lib import times
from incidents.models import Incident, Page, Service


def touch_page(page_id: int) -> None:
    """Gives the page a new revision: what is public of it has changed."""
    now = Value(times.now(), output_field=DateTimeField())
    Page.objects.filter(pk=page_id).update(
        revision=F("revision") + 1, updated_at=Greatest(F("updated_at"), now)
    )


def lock_page(page_id: int) -> Page:
    """Holds the page's row to the end of the transaction, so that serial numbers are given one at a time."""
    return Page.objects.select_for_update().get(pk=page_id)


def touch_incident(incident: Incident) -> None:
    """Gives the incident and its page a new revision: what is published of it must be renewed."""
    # In memory, too: the caller may go on to save the row it holds.
    incident.updated_at = max(incident.updated_at, times.now())
    Incident.objects.filter(pk=incident.pk).update(revision=F("revision") + 1, updated_at=incident.updated_at)
    incident.revision += 1
    touch_page(incident.page_id)


def touch_service(service_id: int) -> None:
    """Says that the service's status changed now, by something else than an incident. Its row must be held."""
    Service.objects.filter(pk=service_id).update(updated_at=times.now())
