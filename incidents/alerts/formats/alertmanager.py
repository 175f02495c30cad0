"""Prometheus Alertmanager's webhook, version "4": a group that fires while any of its alerts does.

Each alert is taken by itself: its `fingerprint` with the instant at which it began is one outage. A repeat is the
same outage; one that began anew after it was resolved is another.
"""

from collections.abc import Mapping
from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard


def read(payload: Any) -> list[Heard]:
    group = fields.obj(payload)
    return [_heard(alert, f"alerts[{index}].") for index, alert in enumerate(fields.objects(group, "alerts"))]


def _heard(alert: Mapping[str, Any], of: str) -> Heard:
    labels = fields.labels(alert.get("labels"))
    annotations = fields.labels(alert.get("annotations"))
    firing = fields.word(alert, "status", of=of) != "resolved"
    return Heard(
        key=fields.word(alert, "fingerprint", of=of),
        firing=firing,
        title=annotations.get("summary") or annotations.get("description") or labels.get("alertname", ""),
        severity=fields.severity(labels.get("severity")),
        at=fields.instant(alert.get("startsAt" if firing else "endsAt")),
        labels=labels,
    )
