from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.customer import LONGEST_NAME
from incidents.console.access import StaffRequest
from incidents.console.fields import Lines
from incidents.console.translations import add_translations, written_texts
from incidents.models import Customer, Incident, Maintenance, Page
from incidents.queries.customers import customers_of, profile
from incidents.queries.members import notes_beside
from incidents.queries.shown import shown_services


class NewCustomerForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)


class CustomerForm(NewCustomerForm):
    """Who they are: what they use, what else is so of them, and their people, one a line."""

    prefix = "customer"

    services = forms.TypedMultipleChoiceField(
        label=_("Services they use"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    conditions = forms.CharField(
        label=_("Conditions"),
        required=False,
        widget=Lines(2),
        help_text=_("One a line, such as: uses G Suite. They stand beside the name where a note is written."),
    )
    contacts = forms.CharField(
        label=_("Contacts"),
        required=False,
        widget=Lines(4),
        help_text=_("One a line: an email address, or a name and <address>. Nobody is subscribed by it."),
    )

    def __init__(self, data: Any = None, *, customer: Customer) -> None:
        super().__init__(data, initial=_facts_of(customer))
        field = self.fields["services"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(service.pk, service.name) for service in shown_services(customer.page)]

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "name": given["name"],
            "service_ids": given["services"],
            "conditions": _lines(given["conditions"]),
            "contacts": dict(map(_contact, _lines(given["contacts"]))),
        }


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
        field.choices = [(customer.pk, _known_by(customer)) for customer in customers]
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
    customers = list(customers_of(request.page))
    return {
        "note_form": form or NoteForm(page=request.page, customers=customers),
        "has_customers": bool(customers),
        "notes": notes_beside(place),
    }


def _known_by(customer: Customer) -> str:
    more = profile(customer)
    return f"{customer.name} ({more})" if more else customer.name


def _facts_of(customer: Customer) -> dict[str, Any]:
    people = customer.contacts.order_by("pk")
    return {
        "name": customer.name,
        "services": [service.pk for service in customer.services.all()],
        "conditions": "\n".join(customer.conditions),
        "contacts": "\n".join(f"{one.name} <{one.email}>" if one.name else one.email for one in people),
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _contact(line: str) -> tuple[str, str]:
    """Address and name."""
    name, bracket, address = line.removesuffix(">").rpartition("<")
    return (address.strip(), name.strip()) if bracket else (line, "")
