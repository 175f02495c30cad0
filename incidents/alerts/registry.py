"""The formats that are read by themselves; the generic one needs its source's mapping."""

from collections.abc import Mapping

from incidents.alerts.formats import (
    alertmanager,
    cloudwatch,
    grafana,
    healthchecks,
    mackerel,
    pagerduty,
    pingdom,
    uptime_kuma,
)
from incidents.alerts.heard import Read
from incidents.models import AlertFormat

READ: Mapping[str, Read] = {
    AlertFormat.ALERTMANAGER: alertmanager.read,
    AlertFormat.CLOUDWATCH: cloudwatch.read,
    AlertFormat.GRAFANA: grafana.read,
    AlertFormat.HEALTHCHECKS: healthchecks.read,
    AlertFormat.MACKEREL: mackerel.read,
    AlertFormat.PAGERDUTY: pagerduty.read,
    AlertFormat.PINGDOM: pingdom.read,
    AlertFormat.UPTIME_KUMA: uptime_kuma.read,
}
