"""Which services are hit and how badly: one choice per service, shared by all forms that tell it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.models import Service, ServiceStatus

FEW = 6
STATUSES = (
    ServiceStatus.OPERATIONAL,
    ServiceStatus.DEGRADED,
    ServiceStatus.PARTIAL_OUTAGE,
    ServiceStatus.MAJOR_OUTAGE,
)


class ScopeForm(forms.Form):
    """`told` is what the record says so far, by the service's id; `statuses` is what may be said."""

    statuses: Sequence[ServiceStatus] = STATUSES

    def __init__(
        self,
        data: Any = None,
        *,
        services: Sequence[Service],
        told: Mapping[int, str],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.services = {service.pk: service for service in services}
        self.told = told
        self.scope_error: str | Promise = ""
        choices = [("", _("Not affected")), *((status.value, status.label) for status in self.statuses)]
        for service in services:
            self.fields[f"service_{service.pk}"] = forms.ChoiceField(
                label=service.name, choices=choices, required=False, initial=told.get(service.pk, "")
            )

    def named_rows(self) -> Iterator[forms.BoundField]:
        """The services that are named so far, to stand in the open; all of them when few or none are."""
        return (self[name] for name in self._names() if self._is_in_the_open(name))

    def other_rows(self) -> list[forms.BoundField]:
        return [self[name] for name in self._names() if not self._is_in_the_open(name)]

    def scope(self) -> dict[Service, str]:
        """What was chosen, for the services that are affected (or named as working again)."""
        chosen = {pk: self.cleaned_data.get(f"service_{pk}", "") for pk in self.services}
        return {self.services[pk]: status for pk, status in chosen.items() if status}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.needs_scope(cleaned) and not self.scope():
            self.scope_error = _("Choose at least one affected service and its status.")
            self.add_error(None, self.scope_error)
        return cleaned

    def needs_scope(self, cleaned: Mapping[str, Any]) -> bool:
        return True

    def _names(self) -> list[str]:
        return [f"service_{pk}" for pk in self.services]

    def _is_in_the_open(self, name: str) -> bool:
        if len(self.services) <= FEW or self[name].value():
            return True
        return not any(self[other].value() for other in self._names())
