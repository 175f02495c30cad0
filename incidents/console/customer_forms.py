from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.customer import LONGEST_NAME
from incidents.console.fields import Lines
from incidents.console.page_forms import LANGUAGE_NAMES
from incidents.models import Customer, Page


class NewCustomerForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)


class NoteForm(forms.Form):
    """A text for chosen customers, with a field for each further language of the page."""

    prefix = "note"

    customers = forms.TypedMultipleChoiceField(
        label=_("Customers"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one customer.")},
    )
    body = forms.CharField(label=_("Text"), max_length=20_000, widget=Lines(3), help_text=_("Markdown."))

    def __init__(self, data: Any = None, *, page: Page, customers: Sequence[Customer]) -> None:
        super().__init__(data)
        field = self.fields["customers"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(customer.pk, customer.name) for customer in customers]
        self.codes = page.languages[1:]
        for code in self.codes:
            self.fields[f"body_{code}"] = forms.CharField(
                label=LANGUAGE_NAMES.get(code, code), max_length=20_000, required=False, widget=Lines(3)
            )

    def further_rows(self) -> Iterator[forms.BoundField]:
        return (self[f"body_{code}"] for code in self.codes)

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "customer_ids": given["customers"],
            "body": given["body"],
            "texts": {code: given[f"body_{code}"] for code in self.codes},
        }
