from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.monitor import SHORTEST_INTERVAL_SECONDS
from incidents.console.refusals import refuse_into
from incidents.lib.errors import Refused
from incidents.models import MonitorKind, ServiceStatus
from incidents.monitors.probes import check_configuration, outbound_guard

HOUR, DAY = 3600, 86_400
OUTAGES = [
    (status.value, status.label)
    for status in (ServiceStatus.DEGRADED, ServiceStatus.PARTIAL_OUTAGE, ServiceStatus.MAJOR_OUTAGE)
]


class NewMonitorForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[
            (MonitorKind.HTTP, _("HTTP(S): asks an address")),
            (MonitorKind.HEARTBEAT, _("Heartbeat: waits for a job to report")),
            (MonitorKind.BASELINE, _("Baseline: compares a count with the usual one")),
        ],
        initial=MonitorKind.HTTP,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=_("Name"), max_length=100)
    target = forms.CharField(
        label=_("Address"), max_length=2048, required=False, help_text=_("https://… (HTTP(S) only)")
    )
    keyword = forms.CharField(
        label=_("Keyword"),
        max_length=200,
        required=False,
        help_text=_("A word that the answer must hold. Empty: any answer. (HTTP(S) only)"),
    )
    interval_seconds = forms.IntegerField(
        label=_("Interval in seconds"),
        required=False,
        min_value=SHORTEST_INTERVAL_SECONDS,
        max_value=DAY,
        help_text=_("Between two checks, reports or counts. Empty: 60, or 3600 for a heartbeat or baseline."),
    )
    status_when_failing = forms.ChoiceField(
        label=_("Status of the service when it fails"), choices=OUTAGES, initial=ServiceStatus.MAJOR_OUTAGE
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self._check_configuration()
        return cleaned

    def values(self) -> dict[str, Any]:
        """As `create_monitor` takes them; call it on a valid form."""
        given = self.cleaned_data
        is_http = given["kind"] == MonitorKind.HTTP
        interval = given["interval_seconds"] or (60 if is_http else HOUR)
        return {
            "kind": given["kind"],
            "name": given["name"],
            "target": given["target"] if is_http else "",
            "settings": self._settings(interval),
            "interval_seconds": interval,
            "status_when_failing": given["status_when_failing"],
        }

    def _settings(self, interval: int) -> dict[str, Any]:
        given = self.cleaned_data
        if given["kind"] == MonitorKind.HTTP:
            return {"keyword": given["keyword"]} if given["keyword"] else {}
        return {"period_seconds": interval} if given["kind"] == MonitorKind.HEARTBEAT else {}

    def _check_configuration(self) -> None:
        values = self.values()
        try:
            check_configuration(
                values["kind"], target=values["target"], settings=values["settings"], guard=outbound_guard()
            )
        except Refused as refused:
            field = "interval_seconds" if refused.field == "period_seconds" else refused.field
            refuse_into(self, Refused(str(refused), field=field))
