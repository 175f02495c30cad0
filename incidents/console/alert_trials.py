"""Where the alerts of the last days would go by other rules, beside where they went. Nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incidents.actions.alert import severity_of
from incidents.alerts import intake
from incidents.alerts.heard import Heard
from incidents.alerts.routing import Rule, route
from incidents.alerts.stage import Step
from incidents.models import Alert, AlertEvent, AlertSource, Severity
from incidents.queries.alert_sources import alert_ids_in, alerts_by_id, events_of

MOST_EVENTS, MOST_ALERTS = 500, 30
TRIED = (Step.OPEN, Step.GO_ON, intake.NO_SERVICE, intake.LET_GO)


@dataclass(frozen=True)
class Place:
    """A service and a severity; nowhere without a service."""

    service: str = ""
    severity: str = ""

    @property
    def severity_label(self) -> str:
        return str(Severity(self.severity).label) if self.severity else ""


@dataclass(frozen=True)
class Trial:
    """`rule` counts from 1; 0 where none holds."""

    at: datetime
    heard: Heard
    was: Place
    would: Place
    rule: int

    @property
    def is_other(self) -> bool:
        return self.was != self.would


@dataclass(frozen=True)
class Past:
    """The last alerts that fired, each once, with where it went."""

    seen: Sequence[tuple[datetime, Heard, Place]]

    @property
    def labels(self) -> list[str]:
        """The labels that they carry, by name."""
        return sorted({name for _at, heard, _was in self.seen for name in heard.labels} | {"title"})

    def try_rules(
        self, rules: Sequence[Rule], *, source: AlertSource, services: Mapping[str, str]
    ) -> list[Trial]:
        """`services`: the page's, their names by their slugs."""
        default = source.service.slug if source.service else ""
        return [self._try(one, rules, default=default, services=services) for one in self.seen]

    @staticmethod
    def _try(
        seen: tuple[datetime, Heard, Place],
        rules: Sequence[Rule],
        *,
        default: str,
        services: Mapping[str, str],
    ) -> Trial:
        at, heard, was = seen
        to = route(heard, rules, default=default)
        name = services.get(to.service, "")
        return Trial(at, heard, was, Place(name, severity_of(to.severity)) if name else Place(), to.rule)


def past_alerts(source: AlertSource) -> Past:
    """The same number of queries however many there were."""
    events = events_of(source, most=MOST_EVENTS)
    alerts = alerts_by_id(alert_ids_in(events))
    found: dict[str, tuple[datetime, Heard, Place]] = {}
    for event in events:
        for heard, told in _fired(event):
            if heard.key not in found and len(found) < MOST_ALERTS:
                found[heard.key] = (event.received_at, heard, _place(told, alerts))
    return Past(list(found.values()))


def _fired(event: AlertEvent) -> Iterator[tuple[Heard, Mapping[str, Any]]]:
    if event.taken_at is None or event.is_test:
        return
    for stored, told in zip(event.heard, event.outcome, strict=False):
        if told["step"] in TRIED and stored["firing"]:
            yield intake.from_json(stored), told


def _place(told: Mapping[str, Any], alerts: Mapping[int, Alert]) -> Place:
    alert = alerts.get(told.get("alert", 0))
    return Place(alert.service.name, alert.severity) if alert else Place()
