"""That personal data left the service is on the record, as every change is."""

from django.db import transaction
from django.db.models import Model

from incidents.actions import audit
from incidents.models import Staff


@transaction.atomic
def note_export(obj: Model, what: str, *, actor: Staff | None = None, actor_name: str = "") -> None:
    audit.record(f"export_{what}", obj, actor=actor, actor_name=actor_name)
