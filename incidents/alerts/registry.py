"""The formats that are read by themselves; mail and the generic one need what their source holds beside."""

from collections.abc import Mapping

from incidents.alerts.formats import (
    alertmanager,
    cloudwatch,
    grafana,
    healthchecks,
    mackerel,
    opsgenie,
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
    AlertFormat.OPSGENIE: opsgenie.read,
    AlertFormat.PAGERDUTY: pagerduty.read,
    AlertFormat.PINGDOM: pingdom.read,
    AlertFormat.UPTIME_KUMA: uptime_kuma.read,
}
