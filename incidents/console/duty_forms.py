"""Forms of who of the staff is told, and of what the system may do by itself."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.page import MOST_AUTOMATIC_RECIPIENTS
from incidents.actions.staff_alert import LONGEST_MINUTES, Step
from incidents.console.translations import language_name
from incidents.models import STAFF_CHANNELS, AlertStep, Page, StaffContact

SPARE_STEPS = 5


class ContactForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    channel = forms.ChoiceField(label=_("Told by"), choices=[(each, each.label) for each in STAFF_CHANNELS])
    place = forms.CharField(
        label=_("Mail address or URL"),
        max_length=2000,
        help_text=_("Of Slack: the URL of an incoming webhook."),
    )
    language = forms.ChoiceField(label=_("Language"))

    def __init__(self, data: Any = None, *, page: Page) -> None:
        super().__init__(data)
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code, language_name(code)) for code in page.languages]


class StepsForm(forms.Form):
    """A row a step: the first is told at once; rows without anybody count for nothing."""

    repeat_minutes = forms.IntegerField(
        label=_("Begin again so many minutes after the last step"),
        min_value=0,
        max_value=LONGEST_MINUTES,
        help_text=_("0: never. At most for a day."),
    )

    def __init__(
        self, data: Any = None, *, page: Page, contacts: Sequence[StaffContact], steps: Sequence[AlertStep]
    ) -> None:
        super().__init__(data, initial={"repeat_minutes": page.alert_repeat_minutes})
        self.rows = range(max(SPARE_STEPS, len(steps)))
        names = [(contact.pk, contact.name) for contact in contacts]
        for row in self.rows:
            known = steps[row] if row < len(steps) else None
            self.fields[f"after_{row}"] = forms.IntegerField(
                label=_("Minutes after the beginning"),
                min_value=0,
                max_value=LONGEST_MINUTES,
                required=False,
                initial=known.after_minutes if known else None,
            )
            self.fields[f"contacts_{row}"] = forms.TypedMultipleChoiceField(
                label=_("Who is told"),
                coerce=int,
                choices=names,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                initial=[one.pk for one in known.contacts.all()] if known else [],
            )

    def shown_rows(self) -> Iterator[tuple[int, forms.BoundField, forms.BoundField]]:
        return ((row + 1, self[f"after_{row}"], self[f"contacts_{row}"]) for row in self.rows)

    def steps(self) -> list[Step]:
        given = self.cleaned_data
        return [
            Step(given[f"after_{row}"] or 0, tuple(given[f"contacts_{row}"]))
            for row in self.rows
            if given[f"contacts_{row}"]
        ]


class AutomationForm(forms.Form):
    is_automation_off = forms.BooleanField(
        label=_("Nothing is published or resolved by itself"), required=False
    )
    automatic_recipients = forms.IntegerField(
        label=_("Readers who may be told automatically"),
        min_value=0,
        max_value=MOST_AUTOMATIC_RECIPIENTS,
        help_text=_("With more readers a draft waits for a person."),
    )

    def __init__(self, data: Any = None, *, page: Page) -> None:
        names = ("is_automation_off", "automatic_recipients")
        super().__init__(data, initial={name: getattr(page, name) for name in names})
