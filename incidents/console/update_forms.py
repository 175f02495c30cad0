"""The composer: what an update tells, who is told, and when the mails leave."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.update import Draft
from incidents.console.fields import InstantField, Lines
from incidents.console.scope_form import ScopeForm
from incidents.console.translations import Translation, add_translations, translations_of, written_texts
from incidents.lib.languages import Texts
from incidents.models import OVER, RecoveryEstimate, Service, Severity, Stage, Update
from incidents.models.estimate import UNDECIDED, UNSAID, known

BY_SEVERITY, AT, NONE = "severity", "at", "none"
HOLD, NOW = "hold", "now"
ABOUT, BETWEEN, UNKNOWN, SILENT = "about", "between", "undecided", ""
TRANSLATED = ("body", "concerned", "workaround")
INSTANTS = {
    "next_update_at": (_("Next update by (time)"), ""),
    "estimate_from": (_("Estimated recovery (time)"), ""),
    "estimate_until": (_("Estimated recovery (until)"), ""),
    "happened_at": (_("Time of this update"), _("The time shown on the page. Empty: now.")),
    "recovered_at": (_("Recovered at"), _("When it actually ended. Empty: the time of this update.")),
}


class UpdateForm(ScopeForm):
    """What one update tells; `original` is the published update that is being corrected."""

    stage = forms.ChoiceField(label=_("Stage"), choices=Stage.choices, widget=forms.RadioSelect)
    body = forms.CharField(
        label=_("Body"),
        max_length=20_000,
        widget=Lines(7),
        help_text=_("Markdown. Raw HTML is shown as text."),
    )
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices, widget=forms.RadioSelect)
    concerned = forms.CharField(label=_("Who is concerned"), max_length=500, required=False)
    workaround = forms.CharField(label=_("What you can do"), max_length=2000, required=False, widget=Lines(2))
    promise = forms.ChoiceField(label=_("Next update by"), widget=forms.RadioSelect)
    promises: Sequence[tuple[str, Any]] = ((AT, _("At this time")), (NONE, _("Promise none")))
    estimate = forms.ChoiceField(label=_("Estimated recovery"), required=False, widget=forms.RadioSelect)
    estimates: Sequence[tuple[str, Any]] = (
        (SILENT, _("Say nothing")),
        (ABOUT, _("At about this time")),
        (BETWEEN, _("Between two times")),
        (UNKNOWN, _("Undecided")),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        services: Sequence[Service],
        told: Mapping[int, str],
        stages: Sequence[Stage],
        languages: Sequence[str],
        texts: Texts,
        initial: dict[str, Any],
        original: Update | None = None,
    ) -> None:
        super().__init__(data, services=services, told=told, initial=initial)
        self.fields["stage"].choices = [(stage.value, stage.label) for stage in stages]  # type: ignore[attr-defined]
        self.fields["promise"].choices = list(self.promises)  # type: ignore[attr-defined]
        self.fields["promise"].required = False
        self.fields["estimate"].choices = list(self.estimates)  # type: ignore[attr-defined]
        self.languages = list(languages)
        add_translations(self, TRANSLATED, languages=languages, texts=texts)
        for name, (label, help_text) in INSTANTS.items():
            self.fields[name] = InstantField(
                label=label,
                required=False,
                original=getattr(original, name) if original else None,
                help_text=help_text,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        over = cleaned.get("stage") in OVER
        promised = cleaned.get("next_update_at") or "next_update_at" in self.errors
        if not over and cleaned.get("promise") == AT and not promised:
            self.add_error("next_update_at", _("Enter the time of the next update, or promise none."))
        if not over:
            self._check_estimate(cleaned)
        return cleaned

    def _check_estimate(self, cleaned: Mapping[str, Any]) -> None:
        needed = {ABOUT: ["estimate_from"], BETWEEN: ["estimate_from", "estimate_until"]}
        for name in needed.get(cleaned.get("estimate", SILENT), []):
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Enter the time of the estimated recovery."))

    def needs_scope(self, cleaned: Mapping[str, Any]) -> bool:
        return cleaned.get("stage") not in OVER

    def draft(self) -> Draft:
        """What the update is to tell; call it on a valid form."""
        given = self.cleaned_data
        over = given["stage"] in OVER
        return Draft(
            stage=given["stage"],
            body=given["body"],
            scope=self._told_scope(over=over),
            severity=given["severity"],
            concerned=given["concerned"],
            workaround=given["workaround"],
            next_update_at=None if over or given["promise"] != AT else given["next_update_at"],
            promise_nothing=not over and given["promise"] == NONE,
            estimate=UNSAID if over else self._estimate(),
            happened_at=given["happened_at"],
            recovered_at=given["recovered_at"] if over else None,
            texts=written_texts(given, TRANSLATED, languages=self.languages),
            request_key=given.get("request_key", ""),
        )

    def translations(self) -> Iterator[Translation]:
        return translations_of(self, TRANSLATED, languages=self.languages)

    def _estimate(self) -> RecoveryEstimate:
        given = self.cleaned_data
        choice = given["estimate"]
        if choice in (ABOUT, BETWEEN):
            return known(given["estimate_from"], given["estimate_until"] if choice == BETWEEN else None)
        return UNDECIDED if choice == UNKNOWN else UNSAID

    def _told_scope(self, *, over: bool) -> dict[Service, str] | None:
        """An update that ends the incident speaks of the services that were named before."""
        return None if over else self.scope()


class UpdateCorrectionForm(UpdateForm):
    """`version` is the number of corrections the update had when the form was made."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class ComposerForm(UpdateForm):
    report_due_on = forms.DateField(
        label=_("Post-incident report by"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _("Enter a date, such as 2020-10-08.")},
        help_text=_("The page and the mail promise the report for this day. Empty: no report is promised."),
    )
    notify = forms.BooleanField(label=_("Notify subscribers by email"), required=False)
    hold = forms.ChoiceField(label=_("When to send the mails"), widget=forms.RadioSelect, required=False)
    request_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    promises = (
        (BY_SEVERITY, _("By severity: minor 60, major 30, critical 15 minutes")),
        *UpdateForm.promises,
    )

    def __init__(
        self, data: Any = None, *, hold_seconds: int, initial: dict[str, Any], **kwargs: Any
    ) -> None:
        standing = {
            "promise": BY_SEVERITY,
            "notify": True,
            "hold": HOLD if hold_seconds else NOW,
            "request_key": new_request_key(),
        }
        super().__init__(data, initial=standing | initial, **kwargs)
        at_once = (NOW, _("At once"))
        after = _("After %(seconds)s seconds, until then they can be cancelled") % {"seconds": hold_seconds}
        self.fields["hold"].choices = [(HOLD, after), at_once] if hold_seconds else [at_once]  # type: ignore[attr-defined]

    def draft(self) -> Draft:
        due_on: date | None = self.cleaned_data["report_due_on"]
        return replace(super().draft(), report_due_on=due_on, promise_no_report=due_on is None)

    @property
    def hold_seconds(self) -> int | None:
        """0 where the mails shall leave at once; None leaves it to the page."""
        return 0 if self.cleaned_data["hold"] == NOW else None


def new_request_key() -> str:
    """One for each form that is shown: sent twice, it is one update."""
    return secrets.token_urlsafe(16)
