"""Forms that plan, run and correct a maintenance, beside their views."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext_lazy as _

from incidents.actions.maintenance_plan import EXPECTED, Plan
from incidents.actions.maintenance_telling import Telling
from incidents.console.fields import InstantField, Lines
from incidents.console.scope_form import ScopeForm
from incidents.console.translations import add_translations
from incidents.console.update_forms import HOLD, NOW, new_request_key
from incidents.lib import times
from incidents.lib.languages import Texts
from incidents.models import Maintenance, Page, Service

BODY = _("Markdown. Raw HTML is shown as text.")


class WindowField(InstantField):
    """An end of a window, as the page's clocks will show it: also at a time that they show twice, or skip."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            typed = parse_datetime(value.strip()) if isinstance(value, str) else None
        except ValueError:
            typed = None
        zone = get_current_timezone()
        if typed is None or typed.tzinfo is not None or not isinstance(zone, ZoneInfo):
            return super().to_python(value)
        return times.on_the_clock(typed, zone)


def beside(form: forms.Form, name: str) -> list[forms.BoundField]:
    """The same field in the page's other languages."""
    return [form[field] for field in form.fields if field.startswith(f"{name}_")]


class TellingForm(forms.Form):
    """Who is told by mail, and when; every form that is shown has a `request_key` of its own."""

    notify = forms.BooleanField(label=_("Notify subscribers by email"), required=False)
    hold = forms.ChoiceField(label=_("When to send the mails"), widget=forms.RadioSelect, required=False)
    request_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def offer_mails(self, page: Page, *, notify: bool) -> None:
        seconds = page.hold_seconds
        at_once = (NOW, _("At once"))
        after = _("After %(seconds)s seconds, until then they can be cancelled") % {"seconds": seconds}
        self.fields["hold"].choices = [(HOLD, after), at_once] if seconds else [at_once]  # type: ignore[attr-defined]
        self.initial.setdefault("notify", notify)
        self.initial.setdefault("hold", HOLD if seconds else NOW)
        self.initial.setdefault("request_key", new_request_key())

    @property
    def hold_seconds(self) -> int | None:
        """0 where the mails shall leave at once; None leaves it to the page."""
        return 0 if self.cleaned_data["hold"] == NOW else None

    @property
    def title_translations(self) -> list[forms.BoundField]:
        return beside(self, "title")

    @property
    def body_translations(self) -> list[forms.BoundField]:
        return beside(self, "body")

    def in_other_languages(self, name: str, page: Page) -> dict[str, str]:
        return {language: self.cleaned_data[f"{name}_{language}"] for language in page.languages[1:]}


class PlanForm(ScopeForm, TellingForm):
    statuses = EXPECTED
    title = forms.CharField(
        label=_("Title"), max_length=150, help_text=_("One line, as it will stand on the page.")
    )
    scheduled_from = WindowField(label=_("Planned start"))
    scheduled_until = WindowField(label=_("Planned end"))
    body = forms.CharField(label=_("Body"), max_length=20_000, widget=Lines(7), help_text=BODY)
    is_emergency = forms.BooleanField(label=_("Emergency maintenance (short notice)"), required=False)
    auto_start = forms.BooleanField(label=_("Starts by itself at the planned start"), required=False)
    auto_finish = forms.BooleanField(label=_("Finishes by itself at the planned end"), required=False)

    def __init__(self, data: Any = None, *, page: Page, services: Sequence[Service]) -> None:
        super().__init__(data, services=services, told={}, initial={"auto_start": True})
        self.page = page
        add_translations(self, ("title", "body"), languages=page.languages[1:], texts={})
        self.offer_mails(page, notify=True)

    def plan(self) -> Plan:
        given = self.cleaned_data
        names = ("title", "body", "scheduled_from", "scheduled_until")
        flags = ("is_emergency", "auto_start", "auto_finish")
        return Plan(
            **{name: given[name] for name in (*names, *flags)},
            services=self.scope(),
            titles=self.in_other_languages("title", self.page),
            bodies=self.in_other_languages("body", self.page),
        )


class StepForm(TellingForm):
    """`words` are those that are told if nobody changes them, by language; empty where there are none."""

    body = forms.CharField(label=_("Body"), max_length=20_000, widget=Lines(5), help_text=BODY)
    happened_at = InstantField(
        label=_("Time of this step"), required=False, help_text=_("The time shown on the page. Empty: now.")
    )

    def __init__(
        self, data: Any = None, *, page: Page, words: Mapping[str, str], notify: bool, **kwargs: Any
    ) -> None:
        super().__init__(data, initial={"body": words[page.first_language]}, **kwargs)
        self.page = page
        texts: Texts = {language: {"body": text} for language, text in words.items()}
        add_translations(self, ("body",), languages=page.languages[1:], texts=texts)
        self.offer_mails(page, notify=notify)

    def telling(self) -> Telling:
        given = self.cleaned_data
        return Telling(
            body=given["body"],
            bodies=self.in_other_languages("body", self.page),
            happened_at=given["happened_at"],
            notify=given["notify"],
            hold_seconds=self.hold_seconds,
            request_key=given["request_key"],
        )

    @property
    def window(self) -> Sequence[forms.BoundField]:
        return [self[name] for name in ("scheduled_from", "scheduled_until") if name in self.fields]


class ExtensionForm(StepForm):
    def __init__(self, data: Any = None, *, maintenance: Maintenance, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        until = WindowField(label=_("Planned end"), original=maintenance.scheduled_until)
        self.fields["scheduled_until"] = until


class RescheduleForm(ExtensionForm):
    def __init__(self, data: Any = None, *, maintenance: Maintenance, **kwargs: Any) -> None:
        super().__init__(data, maintenance=maintenance, **kwargs)
        begin = WindowField(label=_("Planned start"), original=maintenance.scheduled_from)
        self.fields["scheduled_from"] = begin


class CorrectionForm(ScopeForm):
    statuses = EXPECTED
    title = forms.CharField(label=_("Title"), max_length=150)
    auto_start = forms.BooleanField(label=_("Starts by itself at the planned start"), required=False)
    auto_finish = forms.BooleanField(label=_("Finishes by itself at the planned end"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        maintenance: Maintenance,
        services: Sequence[Service],
        told: Mapping[int, str],
    ) -> None:
        initial = {name: getattr(maintenance, name) for name in ("title", "auto_start", "auto_finish")}
        super().__init__(data, services=services, told=told, initial=initial)
        self.languages = maintenance.page.languages[1:]
        add_translations(self, ("title",), languages=self.languages, texts=maintenance.texts)

    @property
    def title_translations(self) -> list[forms.BoundField]:
        return beside(self, "title")

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "title": given["title"],
            "titles": {language: given[f"title_{language}"] for language in self.languages},
            "services": self.scope(),
            "auto_start": given["auto_start"],
            "auto_finish": given["auto_finish"],
        }
