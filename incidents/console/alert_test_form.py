"""A test alert, with labels by which the rules can be tried."""

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from incidents.alerts import fields
from incidents.alerts.heard import Heard
from incidents.console.fields import Lines


class TestForm(forms.Form):
    __test__ = False  # for pytest: its name is no test's

    labels = forms.CharField(
        label=_("Labels of the test"),
        required=False,
        max_length=4000,
        widget=Lines(2, spellcheck="false", **{"class": "code"}),
        help_text=_("A line each, such as host = db1; rules go by them."),
    )

    def clean_labels(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in filter(str.strip, str(self.cleaned_data["labels"]).splitlines()):
            name, equals, value = (part.strip() for part in line.partition("="))
            if not (name and equals and value):
                raise forms.ValidationError(gettext("Write each line as name = value."))
            found[name] = value
        return fields.labels(found)

    def heard(self, *, name: str) -> Heard:
        """`name` is that of a thing of which nothing was heard before."""
        labels: dict[str, Any] = self.cleaned_data["labels"]
        return Heard(key=f"test-{name}", firing=True, title=pgettext("alert", "Test"), labels=labels)
