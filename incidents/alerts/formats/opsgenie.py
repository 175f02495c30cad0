"""Opsgenie's outgoing webhook, and Jira Service Management's, which is the same: what is done to one alert.

All but its beginning and its end, such as acknowledging it, changes nothing.
"""

from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard

BEGINS = frozenset({"Create"})
ENDS = frozenset({"Close", "Delete"})


def read(payload: Any) -> list[Heard]:
    body = fields.obj(payload)
    action = fields.word(body, "action")
    if action not in BEGINS | ENDS:
        return []
    alert = fields.obj(body, "alert")
    is_begun = action in BEGINS
    tags = alert.get("tags")
    return [
        Heard(
            key=fields.word(alert, "alertId", of="alert."),
            firing=is_begun,
            title=fields.text(alert.get("message")),
            severity=fields.severity(alert.get("priority")),
            at=fields.epoch(alert.get("createdAt" if is_begun else "updatedAt")),
            labels=fields.labels(
                {
                    "alias": alert.get("alias"),
                    "entity": alert.get("entity"),
                    "source": alert.get("source"),
                    "tags": " ".join(map(fields.text, tags)) if isinstance(tags, list) else None,
                }
            ),
        )
    ]
