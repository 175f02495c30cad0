"""What visitors fill in: parsed, kept as typed, each error beside its field."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.models import Page, Subscriber
from incidents.queries.subscribers import ServiceChoices, service_choices

ALL, CHOSEN = "all", "chosen"


class AddressForm(forms.Form):
    """`website` is hidden from people: whoever fills it in is a machine."""

    email = forms.CharField(
        required=False,
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    website = forms.CharField(required=False)

    def clean_email(self) -> str:
        try:
            return clean_address(self.cleaned_data["email"])
        except Refused as error:
            raise ValidationError(str(error)) from None

    @property
    def is_from_a_machine(self) -> bool:
        return bool(self.data.get("website"))


class ChoicesForm(forms.Form):
    """Language, and all services or some of them."""

    language = forms.ChoiceField(
        error_messages={
            "required": _("Choose one of the page's languages."),
            "invalid_choice": _("Choose one of the page's languages."),
        }
    )
    which = forms.ChoiceField(
        choices=[(ALL, _("All services, including ones added later")), (CHOSEN, _("Only these services"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose all services or some of them.")},
    )
    services = forms.TypedMultipleChoiceField(
        coerce=int, required=False, error_messages={"invalid_choice": _("Choose services from this page.")}
    )

    def __init__(self, page: Page, *args: Any, **kwargs: Any) -> None:
        """The names of the services are in the active language."""
        super().__init__(*args, **kwargs)
        self.groups = service_choices(page, language=get_language() or page.first_language)
        _set_choices(
            self.fields["language"], ((c, get_language_info(c)["name_local"]) for c in page.languages)
        )
        _set_choices(
            self.fields["services"],
            ((str(service.pk), service.name) for group in self.groups for service in group.services),
        )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("which") == CHOSEN and "services" in cleaned and not cleaned["services"]:
            self.add_error("services", _("Choose at least one service, or all services."))
        return cleaned

    @property
    def service_ids(self) -> list[int] | None:
        """None: all services."""
        return None if self.cleaned_data["which"] == ALL else self.cleaned_data["services"]

    @property
    def shown_groups(self) -> list[tuple[ServiceChoices, list[tuple[Any, bool]]]]:
        """Each group with its services and whether each is ticked."""
        ticked = {str(value) for value in self["services"].value() or []}
        return [(g, [(s, str(s.pk) in ticked) for s in g.services]) for g in self.groups]


class SubscribeForm(ChoicesForm, AddressForm):
    field_order = ["email", "language", "which", "services", "website"]


def choices_of(subscriber: Subscriber) -> dict[str, Any]:
    """What the choices form shows first."""
    return {
        "language": subscriber.language,
        "which": ALL if subscriber.all_services else CHOSEN,
        "services": list(subscriber.services.values_list("pk", flat=True)),
    }


def _set_choices(field: forms.Field, choices: Iterable[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
