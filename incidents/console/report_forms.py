"""What people write in a report, and what becomes of each line of its timeline."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.report import LineChoice
from incidents.console.fields import InstantField, Lines
from incidents.models import Edition, Report, ReportLine

SECTIONS = ("what_happened", "scope", "cause", "measures")
INCLUDED = ("organisation", "subject", "edition", *SECTIONS, "from_is_approximate", "until_is_approximate")


class ReportForm(forms.Form):
    organisation = forms.CharField(label=_("Organisation"), max_length=100)
    subject = forms.CharField(
        label=_("Subject"), max_length=150, help_text=_("The title is the service's name and this.")
    )
    edition = forms.ChoiceField(label=_("Edition"), choices=Edition.choices)
    what_happened = forms.CharField(label=_("What happened"), required=False, widget=Lines(6))
    from_is_approximate = forms.BooleanField(label=_("The beginning is approximate"), required=False)
    until_is_approximate = forms.BooleanField(label=_("The end is approximate"), required=False)
    scope = forms.CharField(label=_("Scope of the impact"), required=False, widget=Lines(4))
    cause = forms.CharField(label=_("Cause"), required=False, widget=Lines(6))
    measures = forms.CharField(label=_("Permanent measures"), required=False, widget=Lines(6))
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, report: Report) -> None:
        initial = {name: getattr(report, name) for name in (*INCLUDED, "version")}
        super().__init__(data, initial=initial)
        self.fields["period_from"] = InstantField(label=_("Period: from"), original=report.period_from)
        self.fields["period_until"] = InstantField(
            label=_("Period: until"),
            original=report.period_until,
            required=False,
            help_text=_("Empty: still going on."),
        )

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class LinesForm(forms.Form):
    """Three fields for each line, named by the id of its log entry."""

    version = forms.IntegerField(widget=forms.HiddenInput(attrs={"id": "id_lines_version"}))

    def __init__(self, data: Any = None, *, lines: Sequence[ReportLine], version: int) -> None:
        super().__init__(data, initial={"version": version})
        self.lines = lines
        self._same_minute = _ids_of_same_minute(lines)
        for line in lines:
            entry = line.entry_id
            self.fields[f"included_{entry}"] = forms.BooleanField(required=False, initial=line.is_included)
            self.fields[f"wording_{entry}"] = forms.CharField(
                required=False, max_length=5000, initial=line.wording, widget=Lines(1)
            )
            self.fields[f"joined_{entry}"] = forms.BooleanField(required=False, initial=line.is_joined)

    def rows(self) -> Iterator[dict[str, Any]]:
        for line in self.lines:
            yield {
                "line": line,
                "entry": line.entry,
                "included": self[f"included_{line.entry_id}"],
                "wording": self[f"wording_{line.entry_id}"],
                "joined": self[f"joined_{line.entry_id}"],
                "may_join": line.entry_id in self._same_minute,
            }

    def choices(self) -> dict[int, LineChoice]:
        given = self.cleaned_data
        return {
            line.entry_id: LineChoice(
                is_included=given[f"included_{line.entry_id}"],
                wording=given[f"wording_{line.entry_id}"],
                is_joined=given[f"joined_{line.entry_id}"],
            )
            for line in self.lines
        }


def _ids_of_same_minute(lines: Sequence[ReportLine]) -> set[int]:
    """Entries that another one of the same minute stands before."""
    seen: set[datetime] = set()
    found = set()
    for line in lines:
        minute = line.entry.happened_at.replace(second=0, microsecond=0)
        if minute in seen:
            found.add(line.entry_id)
        seen.add(minute)
    return found
