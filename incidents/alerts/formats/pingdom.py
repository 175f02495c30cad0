"""Pingdom's webhook: a check that went DOWN or came UP again."""

from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard
from incidents.lib.errors import Refused

SEVERITIES = {"HIGH": "critical", "LOW": "minor"}


def read(payload: Any) -> list[Heard]:
    check = fields.obj(payload)
    state = check.get("current_state")
    if state not in ("DOWN", "UP"):
        raise Refused("expected DOWN or UP", field="current_state")
    name = fields.text(check.get("check_name"))
    tags = check.get("tags")
    return [
        Heard(
            key=fields.word(check, "check_id"),
            firing=state == "DOWN",
            title=": ".join(filter(None, [name, fields.text(check.get("description"))])),
            severity=SEVERITIES.get(fields.text(check.get("importance_level")), ""),
            at=fields.epoch(check.get("state_changed_timestamp")),
            labels=fields.labels(
                {
                    "name": name,
                    "type": check.get("check_type"),
                    "tags": " ".join(map(fields.text, tags)) if isinstance(tags, list) else None,
                }
            ),
        )
    ]
