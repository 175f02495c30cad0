"""What was told wrongly of a public incident, kept with both values for its readers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from incidents.lib import times
from incidents.models import Corrected, Incident, IncidentCorrection, Staff
from incidents.queries.corrections import written


def note(
    incident: Incident,
    what: Corrected,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    actor: Staff | None,
) -> None:
    """Writes the correction down where there is one; called inside the correction's own transaction."""
    if before == after:
        return
    IncidentCorrection.objects.create(
        incident=incident,
        what=what,
        before=before,
        after=after,
        corrected_at=times.now(),
        corrected_by=actor,
    )


def instant(at: datetime | None) -> dict[str, str | None]:
    return {"at": written(at)}
