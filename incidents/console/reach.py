"""How many people a notice would reach, by the rule of the fan-out itself."""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Count, Q

from incidents.models import Incident, Page, Subscriber
from incidents.notices import fanout
from incidents.notices.wishes import told_by_stage
from incidents.queries.shown import other_pages_showing


def count_told(incident: Incident, service_ids: Iterable[int], *, stage: str) -> int:
    """Of an update that would be published now."""
    tells = told_by_stage(stage, before=incident.stage)
    return fanout.audience(incident.page, service_ids, incident, tells=tells).count()


def count_audiences(page: Page, scopes: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """For each draft incident (by its id, with its services' ids) the people it will tell."""
    if not scopes:
        return {}
    showing = other_pages_showing(page)
    counts = {
        f"incident_{incident_id}": Count(
            "pk", filter=Q(pk__in=fanout.audience(page, service_ids, showing=showing).values("pk"))
        )
        for incident_id, service_ids in scopes.items()
    }
    found = Subscriber.objects.aggregate(**counts)
    return {incident_id: found[f"incident_{incident_id}"] for incident_id in scopes}
