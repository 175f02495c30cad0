"""Healthchecks' webhook, with the body that docs/alerts.md asks to be set for *down* and for *up*."""

from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard
from incidents.lib.errors import Refused


def read(payload: Any) -> list[Heard]:
    check = fields.obj(payload)
    status = check.get("status")
    if status not in ("down", "up"):
        raise Refused("expected down or up", field="status")
    name = fields.text(check.get("name"))
    return [
        Heard(
            key=fields.word(check, "code"),
            firing=status == "down",
            title=name,
            at=fields.instant(check.get("now")),
            labels=fields.labels({"name": name, "tags": check.get("tags")}),
        )
    ]
