"""Forms that open and correct incidents, beside their views."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.console.fields import InstantField, Lines
from incidents.console.scope_form import ScopeForm
from incidents.console.translations import add_translations, written_texts
from incidents.lib.languages import Texts
from incidents.models import Incident, Service, Severity


class TitledForm(forms.Form):
    """A title, and one for each of the page's other languages."""

    languages: Sequence[str]

    def add_titles(self, languages: Sequence[str], texts: Texts) -> None:
        self.languages = list(languages)
        add_translations(self, ["title"], languages=languages, texts=texts)

    def title_fields(self) -> list[forms.BoundField]:
        return [self[f"title_{language}"] for language in self.languages]

    def titles(self) -> dict[str, str]:
        """By language, those in the first one left out."""
        written = written_texts(self.cleaned_data, ["title"], languages=self.languages)
        return {language: texts["title"] for language, texts in written.items()}


class NewIncidentForm(TitledForm, ScopeForm):
    title = forms.CharField(
        label=_("Title"), max_length=150, help_text=_("One line, as it will stand on the page.")
    )
    severity = forms.ChoiceField(
        label=_("Severity"), choices=Severity.choices, initial=Severity.MINOR, widget=forms.RadioSelect
    )
    started_at = InstantField(label=_("Onset"), required=False, help_text=_("When it began. Empty: now."))

    def __init__(self, data: Any = None, *, services: Sequence[Service], languages: Sequence[str]) -> None:
        ScopeForm.__init__(self, data, services=services, told={})
        self.add_titles(languages, {})


class CorrectionForm(TitledForm):
    title = forms.CharField(label=_("Title"), max_length=150)

    def __init__(self, data: Any = None, *, incident: Incident) -> None:
        super().__init__(data, initial={"title": incident.title})
        self.add_titles(incident.page.languages[1:], incident.texts)
        self.fields["started_at"] = InstantField(
            label=_("Onset"),
            original=incident.started_at,
            help_text=_("The impacts on the services follow."),
        )


class ReportPromiseForm(forms.Form):
    report_due_on = forms.DateField(
        label=_("Post-incident report by"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a date, such as 2020-10-08.")},
        help_text=_("The page says so. Empty: no report is promised."),
    )
    interim_suffices = forms.BooleanField(
        label=_("An interim edition keeps this promise"),
        required=False,
        help_text=_("Otherwise it is kept by the final edition alone."),
    )

    def __init__(self, data: Any = None, *, incident: Incident) -> None:
        names = ("report_due_on", "interim_suffices")
        initial = {name: getattr(incident, name) for name in names}
        super().__init__(data, initial=initial, auto_id="id_promise_%s")


class DismissalForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=5000,
        widget=Lines(3),
        help_text=_("Kept in the internal log, for example: a test of the mail server."),
    )
