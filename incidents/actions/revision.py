from django.db.models import DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Greatest

from incidents.lib import times
from incidents.models import Incident, Maintenance, Page, Service


def touch_page(page_id: int) -> None:
    """Gives a new revision to the page and to those that show services of it: what they say has changed."""
    showing = Page.also_shows.through.objects.filter(service__page=page_id).values("page")
    pages = _held(Page.objects.filter(Q(pk=page_id) | Q(pk__in=showing)))
    now = Value(times.now(), output_field=DateTimeField())
    Page.objects.filter(pk__in=[page.pk for page in pages]).update(
        revision=F("revision") + 1, updated_at=Greatest(F("updated_at"), now)
    )


def touched(page: Page) -> Page:
    """The page as it is now with its new revision, held to the end of the transaction."""
    touch_page(page.pk)
    return Page.objects.get(pk=page.pk)


def lock_page(page_id: int) -> Page:
    """Holds the first page's row and the page's own to the end of the transaction: serial numbers, of which
    no two pages may share one, are given one at a time."""
    first = Page.objects.order_by("pk").values("pk")[:1]
    held = _held(Page.objects.filter(Q(pk=page_id) | Q(pk__in=first)))
    return next(page for page in held if page.pk == page_id)


def _held(pages: QuerySet[Page]) -> QuerySet[Page]:
    """Locked in the order of their ids, as everyone does, so that two changes never wait for each other."""
    return pages.select_for_update(no_key=True).order_by("pk")


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


def touch_maintenance(maintenance: Maintenance) -> None:
    """Gives the maintenance and its page a new revision, as `touch_incident` does."""
    Maintenance.objects.filter(pk=maintenance.pk).update(revision=F("revision") + 1)
    maintenance.revision += 1
    touch_page(maintenance.page_id)
