"""What each format's sender can prove, and how its message is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard
from incidents.alerts.proof import (
    Prove,
    any_of,
    by_grafana,
    by_pagerduty,
    by_standard_webhooks,
    by_token,
)
from incidents.alerts.registry import READ
from incidents.hooks.alert_bodies import Body
from incidents.models import AlertFormat, AlertSource


@dataclass(frozen=True)
class Message:
    """`event_id` is the sender's name for this message, empty where it has none."""

    heard: list[Heard]
    event_id: str = ""


ReadMessage = Callable[[AlertSource, Body, Mapping[str, str]], Message]


@dataclass(frozen=True)
class SenderKind:
    proves: Prove
    read: ReadMessage


def _read(source: AlertSource, body: Body, headers: Mapping[str, str]) -> Message:
    return Message(READ[source.format](body.payload()), headers.get("webhook-id", ""))


def _read_pagerduty(source: AlertSource, body: Body, headers: Mapping[str, str]) -> Message:
    payload: Any = body.payload()
    return Message(READ[source.format](payload), fields.word(fields.obj(payload, "event"), "id", of="event."))


_BY_TOKEN = SenderKind(by_token, _read)
SENDERS: Mapping[str, SenderKind] = {
    AlertFormat.ALERTMANAGER: _BY_TOKEN,
    AlertFormat.GRAFANA: SenderKind(any_of(by_token, by_grafana), _read),
    AlertFormat.HEALTHCHECKS: _BY_TOKEN,
    AlertFormat.MACKEREL: _BY_TOKEN,
    AlertFormat.PAGERDUTY: SenderKind(any_of(by_token, by_pagerduty), _read_pagerduty),
    AlertFormat.PINGDOM: _BY_TOKEN,
    AlertFormat.UPTIME_KUMA: _BY_TOKEN,
    AlertFormat.GENERIC: SenderKind(any_of(by_token, by_standard_webhooks), _read),
}
