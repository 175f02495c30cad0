"""What visitors fill in: parsed, kept as typed, each error beside its field."""

import time

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from incidents.lib import tokens
from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused

SHORTEST_FILL_SECONDS = 2
LONGEST_FILL_SECONDS = 24 * 3600


class AddressForm(forms.Form):
    """`website` is hidden from people: whoever fills it in is a machine. `shown` says when the form was shown:
    what comes back sooner than anybody types is shown once more, and loses nobody."""

    email = forms.CharField(
        required=False,
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    website = forms.CharField(required=False)
    shown = forms.CharField(required=False)

    def clean_email(self) -> str:
        try:
            return clean_address(self.cleaned_data["email"])
        except Refused as error:
            raise ValidationError(str(error)) from None

    def clean_shown(self) -> str:
        given = self.cleaned_data["shown"]
        if not self.is_from_a_machine and not _is_filled_by_hand(given):
            raise ValidationError(_("Please press the button once more."))
        return str(given)

    @property
    def is_from_a_machine(self) -> bool:
        return bool(self.data.get("website"))

    @property
    def shown_now(self) -> str:
        return tokens.sign("form shown", str(int(time.time())))


def _is_filled_by_hand(shown: str) -> bool:
    at = tokens.read("form shown", shown)
    if at is None:
        return False
    return SHORTEST_FILL_SECONDS <= time.time() - int(at) <= LONGEST_FILL_SECONDS
