"""The form that says where in a JSON each part of an alert stands, looked at by a sample that is not kept."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from incidents.alerts.heard import Heard
from incidents.alerts.mapping import JsonMapping, read_by, read_mapping
from incidents.alerts.proposals import Found, find_all, first_alert, lists_in, propose
from incidents.console.fields import Lines
from incidents.console.refusals import refuse_into, sentence_of
from incidents.lib.errors import Refused
from incidents.lib.json_paths import check_path, values_at
from incidents.lib.nested import read_json

LARGEST_SAMPLE_BYTES = 256 * 1024
MOST_PREVIEWED = 10
PARTS = ("key", "state", "title", "severity", "time")
PATHS = ("each", *PARTS)


class MappingForm(forms.Form):
    use_required_attribute = False  # the browser must let a form go whose paths the sample is to suggest

    sample = forms.CharField(
        label=_("A sample of what it sends"),
        required=False,
        strip=False,
        widget=Lines(8, spellcheck="false", **{"class": "code"}),
        help_text=_("JSON. It is only looked at, never kept."),
    )
    each = forms.CharField(
        label=_("Path to each alert"),
        required=False,
        max_length=200,
        help_text=_("Where one call carries a list of alerts. Empty: the whole is one alert."),
    )
    key = forms.CharField(
        label=_("What names the alert"),
        max_length=200,
        help_text=_("The same when it fires and when it ends."),
    )
    state = forms.CharField(
        label=_("State"), max_length=200, help_text=_("Says whether it fires or is over.")
    )
    firing = forms.CharField(
        label=_("Words while it fires"),
        max_length=2000,
        help_text=_("Separated by commas; capitals do not matter."),
    )
    resolved = forms.CharField(
        label=_("Words when it is over"), max_length=2000, help_text=_("Any other word changes nothing.")
    )
    title = forms.CharField(
        label=_("Alert title"),
        required=False,
        max_length=200,
        help_text=_("For staff alone; it is never published."),
    )
    severity = forms.CharField(label=_("Severity of the sender"), required=False, max_length=200)
    time = forms.CharField(
        label=_("When it began or ended"),
        required=False,
        max_length=200,
        help_text=_("ISO 8601 or seconds since 1970."),
    )
    labels = forms.CharField(
        label=_("Labels for rules"),
        required=False,
        max_length=8000,
        widget=Lines(3, spellcheck="false", **{"class": "code"}),
        help_text=_("A line each: name = path, such as host = $.host"),
    )

    def __init__(self, data: Any = None, *, stored: Any) -> None:
        super().__init__(data, initial=typed(stored))
        self.payload: Any = None
        self.has_sample = False
        self.heard: list[Heard] = []
        for name in PATHS:
            self.fields[name].widget.attrs.update(
                {"list": f"places-{name}", "spellcheck": "false", "class": "code"}
            )

    def clean_sample(self) -> str:
        sample = str(self.cleaned_data["sample"])
        raw = sample.replace("\r\n", "\n").encode()
        if len(raw) > LARGEST_SAMPLE_BYTES:
            raise forms.ValidationError(gettext("Paste at most 256 kB."))
        if sample.strip():
            try:
                self.payload = read_json(raw)
            except Refused as refused:
                raise forms.ValidationError(sentence_of(refused)) from None
            self.has_sample = True
        return sample

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in PATHS:
            if cleaned.get(name) and name not in self.errors:
                self._check_path(name, cleaned[name])
        self._read_labels()
        if not self.errors:
            self._check_whole()
        return cleaned

    def _check_path(self, name: str, path: str) -> None:
        try:
            check_path(path, field=name)
        except Refused as refused:
            refuse_into(self, refused)

    def _read_labels(self) -> None:
        self._labels: dict[str, str] = {}
        for number, line in enumerate(str(self.cleaned_data.get("labels", "")).splitlines(), start=1):
            if not line.strip():
                continue
            name, equals, path = (part.strip() for part in line.partition("="))
            try:
                if not (name and equals and path):
                    raise Refused("expected a line such as host = $.host", field="labels")
                check_path(path, field="labels")
            except Refused as refused:
                words = {"line": number, "said": sentence_of(refused)}
                self.add_error("labels", gettext("Line %(line)s: %(said)s") % words)
                return
            self._labels[name] = path

    def _check_whole(self) -> None:
        try:
            mapping = read_mapping(self.stored())
        except Refused as refused:
            name = refused.field.partition(".")[0]
            refuse_into(self, Refused(str(refused), field=name))
            return
        if self.has_sample:
            self._preview(mapping)

    def _preview(self, mapping: JsonMapping) -> None:
        """Refused is at the field whose path finds nothing that could be it."""
        try:
            self.heard = read_by(mapping, self.payload)
        except Refused as refused:
            fields = (name for name in PATHS if self.cleaned_data[name] == refused.field)
            at = next(fields, None)
            words = {"path": refused.field, "said": sentence_of(refused)}
            self.add_error(at, gettext("%(path)s in the sample: %(said)s") % words)

    def stored(self) -> dict[str, Any]:
        """As a source keeps it; call it on a form whose fields are valid."""
        given = self.cleaned_data
        paths = {name: given[name].strip() for name in PATHS}
        words = {name: words_of(given[name]) for name in ("firing", "resolved")}
        return {**paths, **words, "labels": self._labels}

    @property
    def previewed(self) -> list[Heard]:
        return self.heard[:MOST_PREVIEWED]

    @property
    def state_found(self) -> str:
        """What stands at the state in the sample."""
        return next((part.now for part in self.parts if part.field.name == "state"), "")

    @cached_property
    def found(self) -> list[Found]:
        return find_all(self._alert()) if self.has_sample else []

    @cached_property
    def parts(self) -> list["Part"]:
        """The fields of paths, each with what stands there and where else it may stand; of a form that was checked."""
        return [self._part(name) for name in PARTS]

    def _part(self, name: str) -> "Part":
        path = self.cleaned_data.get(name, "") if self.is_bound else ""
        return Part(self[name], _value_at(path, self._alert(), self.found), propose(name, self.found))

    @property
    def list_paths(self) -> list[str]:
        return lists_in(self.payload) if self.has_sample else []

    @property
    def label_places(self) -> list[Found]:
        return propose("labels", self.found)

    def _alert(self) -> Any:
        each = self.cleaned_data.get("each", "") if self.is_bound else ""
        return first_alert(self.payload, each) if each else self.payload


@dataclass(frozen=True)
class Part:
    field: BoundField
    now: str
    proposals: list[Found]


def typed(stored: Any) -> dict[str, str]:
    """A stored mapping as its fields are typed; empty where there is none yet."""
    if not stored:
        return {}
    words = {name: ", ".join(stored[name]) for name in ("firing", "resolved")}
    labels = "\n".join(f"{name} = {path}" for name, path in (stored.get("labels") or {}).items())
    return {**{name: stored.get(name, "") for name in PATHS}, **words, "labels": labels}


def words_of(text: str) -> list[str]:
    return [word for word in (part.strip() for part in re.split(r"[,\n]", text)) if word]


def _value_at(path: str, alert: Any, found: list[Found]) -> str:
    known = next((one.shown for one in found if one.path == path), None)
    if known is not None or not path:
        return known or ""
    try:
        value = next(iter(values_at(path, alert)), None)
    except ValueError:
        return ""
    return Found(path, value).shown
