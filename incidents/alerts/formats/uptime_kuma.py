"""Uptime Kuma's webhook. Its test button and its word on certificates carry no heartbeat: they change nothing."""

from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard
from incidents.lib.errors import Refused

DOWN, UP, PENDING, MAINTENANCE = range(4)


def read(payload: Any) -> list[Heard]:
    body = fields.obj(payload)
    if not {"msg", "heartbeat"} & body.keys():
        raise Refused("expected what Uptime Kuma sends", field="msg")
    if body.get("heartbeat") is None or body.get("monitor") is None:
        return []
    heartbeat, monitor = fields.obj(body, "heartbeat"), fields.obj(body, "monitor")
    status = heartbeat.get("status")
    if status not in (DOWN, UP, PENDING, MAINTENANCE) or isinstance(status, bool):
        raise Refused("expected 0, 1, 2 or 3", field="heartbeat.status")
    if status in (PENDING, MAINTENANCE):
        return []
    tags = monitor.get("tags")
    tagged = [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    return [
        Heard(
            key=fields.word(monitor, "id", of="monitor."),
            firing=status == DOWN,
            title=fields.text(body.get("msg") or heartbeat.get("msg")),
            at=fields.instant(heartbeat.get("time")),
            labels=fields.labels(
                {fields.text(tag.get("name")): tag.get("value") for tag in tagged},
                {
                    "name": monitor.get("name"),
                    "type": monitor.get("type"),
                    "url": fields.place(monitor.get("url")),
                },
            ),
        )
    ]
