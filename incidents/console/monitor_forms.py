"""How a form of a monitor works, whatever its kind; what it asks is declared in `monitor_kinds`."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from incidents.actions.monitor import CHECKED_FROM_MAIN, SHORTEST_INTERVAL_SECONDS
from incidents.console.refusals import refuse_into
from incidents.lib.errors import Refused
from incidents.models import MAIN_LOCATION, Monitor, MonitorKind, ServiceStatus
from incidents.monitors.probes import check_configuration

DAY = 86_400
OUTAGES = [
    (status.value, status.label)
    for status in (ServiceStatus.DEGRADED, ServiceStatus.PARTIAL_OUTAGE, ServiceStatus.MAJOR_OUTAGE)
]


class Secret(forms.CharField):
    """Typed in and never shown again. Left empty it stays as it was."""

    def __init__(self, **kwargs: Any) -> None:
        masked = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        super().__init__(required=False, strip=False, max_length=4000, widget=masked, **kwargs)


class MonitorForm(forms.Form):
    """One kind's: its own fields have the names of the kind's settings, and what is left as it begins is not stored.

    `more` are shown folded; `secrets` names for each secret the field that says where it is sent, and `aliases` the
    field at which a setting is refused that has none of its own.
    """

    kind: ClassVar[MonitorKind]
    about: ClassVar[Any]
    target_label: ClassVar[Any] = None
    usual_interval: ClassVar[int] = 60
    more: ClassVar[tuple[str, ...]] = ()
    secrets: ClassVar[Mapping[str, str]] = {}
    aliases: ClassVar[Mapping[str, str]] = {}

    name = forms.CharField(label=_("Name"), max_length=100)
    target = forms.CharField(max_length=2048)
    interval_seconds = forms.IntegerField(
        label=_("Interval in seconds"),
        required=False,
        min_value=SHORTEST_INTERVAL_SECONDS,
        max_value=DAY,
    )
    status_when_failing = forms.ChoiceField(
        label=_("Status of the service when it fails"), choices=OUTAGES, initial=ServiceStatus.MAJOR_OUTAGE
    )
    locations = forms.CharField(label=_("Checked from"), required=False, max_length=500)
    locations_to_down = forms.IntegerField(
        label=_("Locations that must agree that it is down"),
        required=False,
        min_value=1,
        help_text=_("Empty: most of them."),
    )
    several = ("locations", "locations_to_down")
    common = ("name", "target", "interval_seconds", "status_when_failing", *several)

    def __init__(self, data: Any = None, *, monitor: Monitor | None = None) -> None:
        super().__init__(data, initial=_initial(monitor) if monitor else None)
        self.monitor = monitor
        self.usual = {name: field.initial for name, field in self.fields.items()}
        self._offer_locations()
        self.order_fields(
            ["name", "target", *self.own, "interval_seconds", *self.several, "status_when_failing"]
        )
        usual = gettext("Empty: %(seconds)s.") % {"seconds": self.usual_interval}
        self.fields["interval_seconds"].help_text = usual
        if self.target_label is None:
            del self.fields["target"]
        else:
            label, hint = self.target_label
            self.fields["target"].label, self.fields["target"].help_text = label, hint

    def _offer_locations(self) -> None:
        """Where there are several."""
        if len(settings.LOCATIONS) < 2 or self.kind in CHECKED_FROM_MAIN:
            for name in self.several:
                del self.fields[name]
            return
        known = ", ".join(settings.LOCATIONS)
        self.fields["locations"].help_text = gettext("Names separated by commas. There are: %(known)s") % {
            "known": known
        }

    def clean_locations(self) -> list[str]:
        words = re.split(r"[,\s]+", self.cleaned_data["locations"])
        names = list(dict.fromkeys(filter(None, words))) or [MAIN_LOCATION]
        if unknown := [name for name in names if name not in settings.LOCATIONS]:
            raise forms.ValidationError(gettext("There is no location %(name)s.") % {"name": unknown[0]})
        return names

    @property
    def own(self) -> list[str]:
        return [name for name in self.fields if name not in self.common]

    @property
    def main_fields(self) -> list[BoundField]:
        return [self[name] for name in self.fields if name not in self.more]

    @property
    def more_fields(self) -> list[BoundField]:
        return [self[name] for name in self.more]

    @property
    def more_is_open(self) -> bool:
        """Where something there is wrong, or is not as it begins."""
        stored = self.monitor.settings if self.monitor else {}
        return any(name in self.errors or name in stored for name in self.more)

    @property
    def kept_secrets(self) -> bool:
        """Whether there is one that would stay."""
        return bool(self.monitor and any(self.monitor.settings.get(name) for name in self.secrets))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self._check_secrets()
        if not self.errors:
            self._check_configuration()
        return cleaned

    def values(self) -> dict[str, Any]:
        """As `create_monitor` and `edit_monitor` take them; call it on a valid form."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "target": given.get("target", ""),
            "settings": self.settings(),
            "interval_seconds": self.interval,
            "status_when_failing": given["status_when_failing"],
            **{name: given[name] for name in self.several if name in given},
        }

    @property
    def interval(self) -> int:
        return self.cleaned_data["interval_seconds"] or self.usual_interval

    def settings(self) -> dict[str, Any]:
        """What was stored beside the form's fields stays."""
        stored = self.monitor.settings if self.monitor else {}
        typed = {name: self.cleaned_data[name] for name in self.own}
        for name in self.secrets:
            typed[name] = typed[name] or ("" if self.data.get("forget_secrets") else stored.get(name, ""))
        kept = {name: value for name, value in stored.items() if name not in typed}
        return {
            **kept,
            **{name: value for name, value in typed.items() if value not in ("", None, self.usual[name])},
        }

    def _check_secrets(self) -> None:
        """A secret that nobody may read must not be sent to a server of somebody's choice either."""
        for name, place in self.secrets.items():
            if self.monitor is None or self.cleaned_data[name] or self.data.get("forget_secrets"):
                continue
            before = self.monitor.target if place == "target" else self.monitor.settings.get(place, "")
            if self.monitor.settings.get(name) and self.cleaned_data[place] != before:
                self.add_error(name, gettext("Enter it again: it is not sent to another address by itself."))

    def _check_configuration(self) -> None:
        values = self.values()
        try:
            check_configuration(
                self.kind,
                target=values["target"],
                stored=values["settings"],
                interval_seconds=values["interval_seconds"],
            )
        except Refused as refused:
            refuse_into(self, Refused(str(refused), field=self.aliases.get(refused.field, refused.field)))


def _initial(monitor: Monitor) -> dict[str, Any]:
    """Lists as one line each, as they are typed."""
    stored = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in monitor.settings.items()
    }
    names = ("name", "target", "interval_seconds", "status_when_failing", "locations_to_down")
    locations = ", ".join(watch.location for watch in monitor.watches.all())
    return {**stored, **{name: getattr(monitor, name) for name in names}, "locations": locations}
