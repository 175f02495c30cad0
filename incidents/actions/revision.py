from django.db.models import F

from incidents.models import Incident, Page


def touch_page(page_id: int) -> None:
    """Gives the page a new revision: what is public of it has changed."""
    Page.objects.filter(pk=page_id).update(revision=F("revision") + 1)


def lock_page(page_id: int) -> Page:
    """Holds the page's row to the end of the transaction, so that serial numbers are given one at a time."""
    return Page.objects.select_for_update().get(pk=page_id)


def touch_incident(incident: Incident) -> None:
    """Gives the incident and its page a new revision: what is published of it must be renewed."""
    Incident.objects.filter(pk=incident.pk).update(revision=F("revision") + 1)
    incident.revision += 1  # the caller may go on to save the row it holds
    touch_page(incident.page_id)
