"""What a page may show: its own, and the services of other, public pages that were chosen for it.

Every query of what visitors read begins here, so that nothing of a private page reaches another.
"""

from collections import defaultdict

from django.db.models import Q, QuerySet

from incidents.models import (
    Impact,
    Incident,
    IncidentState,
    Maintenance,
    MaintenanceService,
    Page,
    Service,
    UpdateScope,
    Visibility,
)

_CHOSEN = Page.also_shows.through.objects
_OF_PUBLIC_PAGE = Q(service__page__visibility=Visibility.PUBLIC)


def shown_services(page: Page) -> QuerySet[Service]:
    chosen = _CHOSEN.filter(_OF_PUBLIC_PAGE, page=page)
    return Service.objects.filter(Q(page=page) | Q(pk__in=chosen.values("service")))


def offered_services(page: Page) -> QuerySet[Service]:
    """What a page may show beside its own."""
    return Service.objects.filter(page__visibility=Visibility.PUBLIC).exclude(page=page)


def shown_incidents(page: Page) -> QuerySet[Incident]:
    """Public incidents of the page, and those of other public pages that name a service it shows."""
    chosen = _CHOSEN.filter(_OF_PUBLIC_PAGE, page=page).values("service")
    hit = Impact.objects.filter(service__in=chosen).values("incident")
    named = UpdateScope.objects.filter(service__in=chosen).values("update__incident")
    theirs = Q(pk__in=hit) | Q(pk__in=named)
    return Incident.objects.filter(Q(page=page) | theirs, state=IncidentState.PUBLIC)


def shown_maintenances(page: Page) -> QuerySet[Maintenance]:
    """Maintenances of the page, and those of other public pages that name a service it shows."""
    chosen = _CHOSEN.filter(_OF_PUBLIC_PAGE, page=page).values("service")
    theirs = MaintenanceService.objects.filter(service__in=chosen).values("maintenance")
    return Maintenance.objects.filter(Q(page=page) | Q(pk__in=theirs))


def other_pages_showing(page: Page) -> dict[int, set[int]]:
    """The page's services that each other page shows, by that page's id."""
    shown: dict[int, set[int]] = defaultdict(set)
    chosen = _CHOSEN.filter(_OF_PUBLIC_PAGE, service__page=page)
    for page_id, service_id in chosen.values_list("page", "service"):
        shown[page_id].add(service_id)
    return dict(shown)
