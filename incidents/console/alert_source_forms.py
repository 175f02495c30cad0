from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.alert import usual_silence_hours
from incidents.actions.alert_source import LONGEST_SILENCE_HOURS
from incidents.console.monitor_forms import Secret
from incidents.models import AlertFormat, AlertSource, Page, Service

MAKES_ITS_OWN = (AlertFormat.PAGERDUTY, AlertFormat.GENERIC)
"""Whose senders may have made the secret by which they sign."""


class SourceForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("What sends the alerts, as it stands in drafts and logs."),
    )
    service = forms.TypedChoiceField(
        label=_("Default service"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("For alerts of which no rule says where they go."),
    )
    silence_hours = forms.IntegerField(
        label=_("Hours of silence after which an alert counts as over"),
        required=False,
        min_value=1,
        max_value=LONGEST_SILENCE_HOURS,
        help_text=_("For senders that repeat what still holds. Empty: never."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        page: Page,
        kind: str = "",
        name: str = "",
        source: AlertSource | None = None,
    ) -> None:
        initial = {"name": name, "silence_hours": usual_silence_hours(kind)}
        if source:
            initial = {name: getattr(source, name) for name in ("name", "silence_hours")}
            initial["service"] = source.service_id
        super().__init__(data, initial=initial)
        self.services = {one.pk: one for one in Service.objects.filter(page=page)}
        field = self.fields["service"]
        assert isinstance(field, forms.ChoiceField)
        named = [(pk, one.name) for pk, one in self.services.items()]
        field.choices = [("", _("None: only rules decide")), *named]

    def values(self) -> dict[str, Any]:
        service = self.cleaned_data["service"]
        return {**self.cleaned_data, "service": self.services[service] if service else None}


class RotateForm(forms.Form):
    secret = Secret(label=_("The secret that the sender made"), help_text=_("Empty: a new one is made here."))

    def __init__(self, data: Any = None, *, source: AlertSource) -> None:
        super().__init__(data)
        if source.format not in MAKES_ITS_OWN:
            del self.fields["secret"]
