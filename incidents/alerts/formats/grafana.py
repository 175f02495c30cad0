"""Grafana's alerting webhook, version "1": Alertmanager's shape with more around it.

"DatasourceError" and "DatasourceNoData" say that Grafana cannot see, not that something is down.
"""

from collections.abc import Mapping
from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard

BLIND = frozenset({"DatasourceError", "DatasourceNoData"})


def read(payload: Any) -> list[Heard]:
    alerts = enumerate(fields.objects(fields.obj(payload), "alerts"))
    return [_heard(alert, f"alerts[{index}].") for index, alert in alerts if not _is_test(alert)]


def _is_test(alert: Mapping[str, Any]) -> bool:
    """The button of the contact point sends one."""
    labels = fields.labels(alert.get("labels"))
    return labels.get("alertname") == "TestAlert" and labels.get("instance") == "Grafana"


def _heard(alert: Mapping[str, Any], of: str) -> Heard:
    labels = fields.labels(alert.get("labels"))
    annotations = fields.labels(alert.get("annotations"))
    firing = fields.word(alert, "status", of=of) != "resolved"
    is_blind = labels.get("alertname") in BLIND
    return Heard(
        key=fields.word(alert, "fingerprint", of=of),
        firing=firing,
        title=annotations.get("summary") or labels.get("rulename") or labels.get("alertname", ""),
        severity="minor" if is_blind else fields.severity(labels.get("severity")),
        at=fields.instant(alert.get("startsAt" if firing else "endsAt")),
        labels=labels,
    )
