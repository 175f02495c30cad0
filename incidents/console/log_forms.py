from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.log import TEXT_LIMIT
from incidents.console.fields import InstantField, Lines
from incidents.models import LogEntry, LogKind

KINDS = [(kind.value, kind.label) for kind in LogKind if kind != LogKind.PUBLIC_UPDATE]


class EntryForm(forms.Form):
    """A line of the internal timeline; `entry` is the one being corrected."""

    prefix = "log"

    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS, initial=LogKind.ACTION)
    text = forms.CharField(label=_("What happened or was done"), max_length=TEXT_LIMIT, widget=Lines(2))

    def __init__(self, data: Any = None, *, entry: LogEntry | None = None) -> None:
        super().__init__(data, initial={"kind": entry.kind, "text": entry.text} if entry else None)
        self.fields["happened_at"] = InstantField(
            label=_("Happened at"),
            original=entry.happened_at if entry else None,
            required=entry is not None,
            help_text="" if entry else _("Empty: now."),
        )
