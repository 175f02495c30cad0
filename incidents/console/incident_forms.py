"""Forms that open and correct incidents, beside their views."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.console.fields import InstantField, Lines
from incidents.console.scope_form import ScopeForm
from incidents.models import Incident, Service, Severity


class NewIncidentForm(ScopeForm):
    title = forms.CharField(
        label=_("Title"), max_length=150, help_text=_("One line, as it will stand on the page.")
    )
    severity = forms.ChoiceField(
        label=_("Severity"), choices=Severity.choices, initial=Severity.MINOR, widget=forms.RadioSelect
    )
    started_at = InstantField(label=_("Onset"), required=False, help_text=_("When it began. Empty: now."))

    def __init__(self, data: Any = None, *, services: Sequence[Service]) -> None:
        super().__init__(data, services=services, told={})


class CorrectionForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=150)

    def __init__(self, data: Any = None, *, incident: Incident) -> None:
        super().__init__(data, initial={"title": incident.title})
        self.fields["started_at"] = InstantField(
            label=_("Onset"),
            original=incident.started_at,
            help_text=_("The impacts on the services follow."),
        )


class DismissalForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=5000,
        widget=Lines(3),
        help_text=_("Kept in the internal log, for example: a test of the mail server."),
    )
