from typing import Any

from django.db.models import Model

from incidents.lib import times
from incidents.models import AuditEntry, Staff


def record(
    action: str,
    obj: Model,
    *,
    actor: Staff | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    actor_name: str = "",
) -> None:
    """Adds the audit entry of a change; called inside the change's own transaction."""
    AuditEntry.objects.create(
        at=times.now(),
        actor=actor,
        actor_name=actor_name or (actor.email if actor else "system"),
        action=action,
        object_type=obj._meta.model_name or "",
        object_id=str(obj.pk),
        before=before or {},
        after=after or {},
    )
