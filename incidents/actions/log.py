from datetime import datetime

from django.db import transaction

from incidents.actions import audit
from incidents.actions.incident import acknowledge
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Incident, LogEntry, LogKind, LogSource, Staff

TEXT_LIMIT = 5000


@transaction.atomic
def add_entry(
    incident: Incident,
    *,
    text: str,
    kind: str = LogKind.ACTION,
    happened_at: datetime | None = None,
    source: str = LogSource.STAFF,
    actor: Staff | None = None,
) -> LogEntry:
    """Writes a line of the internal timeline, now or back-dated. Of staff, it says that they look at it."""
    _check(text, kind=kind, happened_at=happened_at)
    entry = LogEntry.objects.create(
        incident=incident,
        happened_at=happened_at or times.now(),
        recorded_at=times.now(),
        kind=LogKind(kind),
        source=source,
        text=text.strip(),
        author=actor,
    )
    audit.record("add_log_entry", entry, actor=actor, after={"text": entry.text})
    if actor:
        acknowledge(incident, actor=actor)
    return entry


@transaction.atomic
def edit_entry(
    entry: LogEntry, *, text: str, kind: str, happened_at: datetime, actor: Staff | None = None
) -> LogEntry:
    """Corrects a line; the earlier words stay in the audit trail. A public update's line is not typed."""
    entry = LogEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    if entry.kind == LogKind.PUBLIC_UPDATE:
        raise Refused("the line of a public update follows the update itself", field="text")
    _check(text, kind=kind, happened_at=happened_at)
    before = {"text": entry.text, "kind": entry.kind, "happened_at": entry.happened_at.isoformat()}
    entry.text = text.strip()
    entry.kind = LogKind(kind)
    entry.happened_at = happened_at
    entry.save()
    after = {"text": entry.text, "kind": entry.kind, "happened_at": entry.happened_at.isoformat()}
    audit.record("edit_log_entry", entry, actor=actor, before=before, after=after)
    if actor:
        acknowledge(entry.incident, actor=actor)
    return entry


def _check(text: str, *, kind: str, happened_at: datetime | None) -> None:
    if not text.strip() or len(text) > TEXT_LIMIT:
        raise Refused(f"a log entry has 1 to {TEXT_LIMIT} characters", field="text")
    if kind not in LogKind.values or kind == LogKind.PUBLIC_UPDATE:
        expected = ", ".join(k for k in LogKind.values if k != LogKind.PUBLIC_UPDATE)
        raise Refused(f"the kind must be one of {expected}", field="kind")
    if happened_at and happened_at > times.now():
        raise Refused("a log entry cannot have happened in the future", field="happened_at")
