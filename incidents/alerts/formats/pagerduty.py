"""PagerDuty's webhook, version 3: incidents from *triggered* to *resolved*."""

from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard

BEGINS = frozenset({"incident.triggered", "incident.reopened", "incident.unacknowledged"})
ENDS = frozenset({"incident.resolved"})


def read(payload: Any) -> list[Heard]:
    event = fields.obj(fields.obj(payload), "event")
    kind = fields.word(event, "event_type", of="event.")
    if kind not in BEGINS | ENDS:
        return []  # acknowledged, annotated, a ping
    incident = fields.obj(event, "data")
    service = incident.get("service")
    priority = incident.get("priority")
    return [
        Heard(
            key=fields.word(incident, "id", of="event.data."),
            firing=kind in BEGINS,
            title=fields.text(incident.get("title")),
            severity=fields.severity(priority.get("summary") if isinstance(priority, dict) else None)
            or ("critical" if incident.get("urgency") == "high" else ""),
            at=fields.instant(event.get("occurred_at")),
            labels=fields.labels(
                {
                    "service": service.get("summary") if isinstance(service, dict) else None,
                    "urgency": incident.get("urgency"),
                }
            ),
        )
    ]
