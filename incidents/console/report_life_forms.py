"""What staff choose when a report is issued, withdrawn, or shown to a customer."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from incidents.actions.report_issue import LONGEST_CHANGES
from incidents.actions.report_link import LONGEST_DAYS
from incidents.actions.report_revision import LONGEST_REASON
from incidents.console.fields import Lines
from incidents.models import Customer, Edition, Page, Reach

USUAL_DAYS = 30


class IssueForm(forms.Form):
    issued_on = forms.DateField(
        label=_("Date of issue"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a date, such as 2020-10-08.")},
        help_text=_("The number of the first edition carries this date; a later one is dated so."),
    )
    reach = forms.ChoiceField(
        label=_("Who may read it, and who is told"), choices=Reach.choices, widget=forms.RadioSelect
    )
    changes = forms.CharField(
        label=_("What has changed"),
        max_length=LONGEST_CHANGES,
        required=False,
        widget=Lines(3),
        help_text=_("Readers see it beside the edition."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, *, today: date, version: int, counts: dict[str, int], is_first: bool
    ) -> None:
        """`counts` says how many people are told by each reach that tells any; a later edition asks again."""
        reach = {"reach": Reach.AUDIENCE.value} if is_first else {}
        super().__init__(data, initial={"issued_on": today, "version": version, **reach})
        if is_first:
            del self.fields["changes"]
        field = self.fields["reach"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(value, _labelled(label, counts.get(value))) for value, label in Reach.choices]


class WithdrawForm(forms.Form):
    because = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        widget=Lines(3),
        help_text=_("It is published with the mark."),
    )
    shows_text = forms.BooleanField(
        label=_("Leave the text readable, marked as withdrawn"), required=False, initial=True
    )


class ReviseForm(forms.Form):
    edition = forms.ChoiceField(label=_("Edition"), choices=Edition.choices)


class LinkForm(forms.Form):
    customer = forms.ModelChoiceField(label=_("Customer"), queryset=Customer.objects.none())
    days = forms.IntegerField(
        label=_("Days until it expires"), min_value=1, max_value=LONGEST_DAYS, initial=USUAL_DAYS
    )

    def __init__(self, data: Any = None, *, page: Page) -> None:
        super().__init__(data)
        field = self.fields["customer"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Customer.objects.filter(page=page)


def _labelled(label: Any, count: int | None) -> str:
    if count is None:
        return str(label)
    people = ngettext("%(n)s person", "%(n)s people", count) % {"n": count}
    return f"{label} ({people})"
