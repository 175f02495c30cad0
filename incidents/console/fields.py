"""Form fields of this console: instants in the page's zone, and how a form names its wrong inputs."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class InstantInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class InstantField(forms.DateTimeField):
    """An instant to the minute, in the active zone; left as it was shown it keeps its seconds."""

    widget = InstantInput
    default_error_messages = {"invalid": _("Enter a date and a time, such as 2020-09-04 12:46.")}

    def __init__(self, *, original: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(initial=original, **kwargs)
        self.original = original

    def clean(self, value: Any) -> datetime | None:
        instant: datetime | None = super().clean(value)
        shown = self.original and self.original.replace(second=0, microsecond=0)
        return self.original if instant and instant == shown else instant


class Lines(forms.Textarea):
    """A text area that opens with `rows` lines."""

    def __init__(self, rows: int, **attrs: str) -> None:
        super().__init__(attrs={"rows": rows, **attrs})
