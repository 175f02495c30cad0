"""Mackerel's webhook. An alert is over when it is no longer open, also where it was closed by hand while critical;
`closedAt` may stand there while it is open."""

from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard
from incidents.lib.errors import Refused


def read(payload: Any) -> list[Heard]:
    body = fields.obj(payload)
    if body.get("event") != "alert":
        return []  # a sample, or news of a monitor's settings
    alert = fields.obj(body, "alert")
    is_open = alert.get("isOpen")
    if not isinstance(is_open, bool):
        raise Refused("expected true or false", field="alert.isOpen")
    host = body.get("host") if isinstance(body.get("host"), dict) else {}
    service = body.get("service") if isinstance(body.get("service"), dict) else {}
    monitor = fields.text(alert.get("monitorName"))
    return [
        Heard(
            key=fields.word(alert, "id", of="alert."),
            firing=is_open,
            title=": ".join(filter(None, [monitor, fields.text(body.get("message"))])),
            severity=fields.severity(alert.get("status")),
            at=fields.epoch(alert.get("openedAt" if is_open else "closedAt")),
            labels=fields.labels(
                {
                    "monitor": monitor,
                    "type": body.get("type"),
                    "host": (host or {}).get("name"),
                    "service": (service or {}).get("name"),
                    "org": body.get("orgName"),
                }
            ),
        )
    ]
