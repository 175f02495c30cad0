from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.customer import LONGEST_NAME
from incidents.console.access import StaffRequest
from incidents.console.fields import Lines
from incidents.console.translations import add_translations, written_texts
from incidents.models import Customer, Incident, Maintenance, Page
from incidents.queries.members import notes_beside


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
        add_translations(self, ["body"], languages=self.codes, texts={})

    def further_rows(self) -> Iterator[forms.BoundField]:
        return (self[f"body_{code}"] for code in self.codes)

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "customer_ids": given["customers"],
            "body": given["body"],
            "texts": written_texts(given, ["body"], languages=self.codes),
        }


def notes_part(
    request: StaffRequest, place: Incident | Maintenance, *, form: NoteForm | None
) -> dict[str, Any]:
    """What the screen of an incident or a maintenance shows of the notes beside it."""
    customers = list(Customer.objects.filter(page=request.page))
    return {
        "note_form": form or NoteForm(page=request.page, customers=customers),
        "has_customers": bool(customers),
        "notes": notes_beside(place),
    }
