"""What is to be done, by whom and until when; and what customers are told once it is."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.measure import LONGEST_TEXT
from incidents.actions.measures_note import LONGEST, NoteText
from incidents.console.fields import Lines
from incidents.console.translations import Translation, add_translations, translations_of, written_texts
from incidents.lib.languages import Texts
from incidents.models import Measure, Page, Staff


class MeasureForm(forms.Form):
    text = forms.CharField(label=_("What is to be done"), max_length=LONGEST_TEXT)
    owner = forms.ModelChoiceField(label=_("Owner"), queryset=Staff.objects.none())
    due_on = forms.DateField(
        label=_("Due on"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a date, such as 2020-10-08.")},
    )

    def __init__(self, data: Any = None, *, measure: Measure | None = None, text: str = "") -> None:
        kept = {"text": measure.text, "owner": measure.owner_id, "due_on": measure.due_on} if measure else {}
        super().__init__(data, initial=kept or {"text": text})
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        may = Staff.objects.filter(is_active=True, is_staff=True)
        known = Staff.objects.filter(pk=measure.owner_id) if measure else Staff.objects.none()
        owner.queryset = (may | known).order_by("name", "email")


class DropForm(forms.Form):
    because = forms.CharField(
        label=_("Why it is dropped"), max_length=LONGEST_TEXT, help_text=_("Kept in the record.")
    )


class MeasuresNoteForm(forms.Form):
    body = forms.CharField(
        label=_("Body"),
        max_length=LONGEST["body"],
        widget=Lines(5),
        help_text=_("Markdown. Raw HTML is shown as text."),
    )
    notify = forms.BooleanField(label=_("Also mail it to those whom the report concerns"), required=False)

    def __init__(self, data: Any = None, *, page: Page, proposed: Texts) -> None:
        super().__init__(data, initial={"body": proposed[page.first_language]["body"]})
        self.languages = page.languages[1:]
        add_translations(self, ["body"], languages=self.languages, texts=proposed)

    def translations(self) -> list[Translation]:
        return list(translations_of(self, ["body"], languages=self.languages))

    def text(self) -> NoteText:
        """Call it on a valid form."""
        texts = written_texts(self.cleaned_data, ["body"], languages=self.languages)
        return NoteText(self.cleaned_data["body"], texts)
