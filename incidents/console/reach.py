"""How many people a notice would reach, by the rule of the fan-out itself."""

from collections.abc import Mapping, Sequence

from django.db.models import Count, Q

from incidents.models import Page, Subscriber
from incidents.notices import fanout


def count_audiences(page: Page, scopes: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """For each draft incident (by its id, with its services' ids) the people it will tell; one query for all."""
    if not scopes:
        return {}
    counts = {
        f"incident_{incident_id}": Count(
            "pk", filter=Q(pk__in=fanout.audience(page, service_ids).values("pk"))
        )
        for incident_id, service_ids in scopes.items()
    }
    found = Subscriber.objects.filter(page=page).aggregate(**counts)
    return {incident_id: found[f"incident_{incident_id}"] for incident_id in scopes}
