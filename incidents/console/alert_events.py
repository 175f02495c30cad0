"""What came from a source, and what became of each alert."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from incidents.alerts import intake
from incidents.alerts.heard import Heard
from incidents.alerts.stage import Step
from incidents.models import Alert, AlertEvent, AlertSource, Incident, Severity, Signal
from incidents.queries.alert_sources import alert_ids_in, alerts_by_id, events_of

MOST_EVENTS, MOST_LINES = 50, 10

OPENED, JOINED, RECORDED, KEPT_APART, GONE = "opened", "joined", "recorded", "kept_apart", "gone"
BECAME: Mapping[str, Any] = {
    OPENED: _("Opened a draft"),
    JOINED: _("Joined an incident"),
    RECORDED: _("Only recorded, by the policy of its service"),
    KEPT_APART: _("Kept apart: maintenance is in progress"),
    GONE: _("Opened an alert"),
    Step.GO_ON: _("Goes on"),
    Step.END: _("Ended the alert"),
    intake.LATE: _("Ignored: older than what is known"),
    intake.NOTHING_OPEN: _("Ignored: it ends nothing that is open"),
    intake.NO_SERVICE: _("Ignored: no rule and no default service takes it"),
    intake.LET_GO: _("Ignored by a rule"),
    intake.SWITCHED_OFF: _("Ignored: the source was switched off"),
}


@dataclass(frozen=True)
class Line:
    heard: Heard
    became: str
    incident: Incident | None = None


@dataclass(frozen=True)
class Shown:
    event: AlertEvent
    lines: Sequence[Line]
    left: int
    """Lines that are not shown."""


def show_events(source: AlertSource) -> list[Shown]:
    """The newest first: the same number of queries however many there are."""
    events = events_of(source, most=MOST_EVENTS)
    alerts = alerts_by_id(alert_ids_in(events))
    return [_show(event, alerts) for event in events]


def _show(event: AlertEvent, alerts: Mapping[int, Alert]) -> Shown:
    heard = [_read(stored) for stored in event.heard[:MOST_LINES]]
    lines = [_line(one, told, alerts) for one, told in zip(heard, _told(event, len(heard)), strict=True)]
    return Shown(event, lines, len(event.heard) - len(heard))


def _read(stored: dict[str, Any]) -> Heard:
    """Whatever is kept: what could not be taken may be what cannot be read."""
    try:
        return intake.from_json(stored)
    except (KeyError, TypeError, ValueError):
        return Heard(key="?", firing=True)


def _told(event: AlertEvent, count: int) -> Iterable[Mapping[str, Any]]:
    """What was told of each: nothing while it waits, the one reason where none could be taken."""
    if event.taken_at is None:
        return [{}] * count
    if event.outcome and event.outcome[0]["step"] == intake.POISONED:
        return [event.outcome[0]] * count
    outcome: list[Mapping[str, Any]] = event.outcome
    return outcome[:count]


def _line(heard: Heard, told: Mapping[str, Any], alerts: Mapping[int, Alert]) -> Line:
    step = told.get("step", "")
    alert = alerts.get(told.get("alert", 0))
    signals = list(alert.signals.all()) if alert else []
    incident = next((one.incident for one in reversed(signals) if one.incident), None)
    if not step:
        return Line(heard, gettext("Waits to be taken"))
    if step == intake.POISONED:
        return Line(heard, gettext("Could not be taken: %(error)s") % {"error": told["error"]})
    if step == intake.TESTED:
        severity = Severity(told["severity"]).label
        words = {"service": told["service"], "severity": severity}
        return Line(heard, gettext("Would be an alert of %(service)s, %(severity)s") % words)
    known = _opening(signals) if step == Step.OPEN else step
    return Line(heard, str(BECAME[known]), incident)


def _opening(signals: Sequence[Signal]) -> str:
    """What the first of an alert's signals led to."""
    if not signals:
        return GONE
    first = signals[0]
    if first.maintenance_id is not None:
        return KEPT_APART
    if first.incident is None:
        return RECORDED
    return OPENED if first.incident.detected_at == first.detected_at else JOINED
