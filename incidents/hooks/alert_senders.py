"""What each format's sender can prove, and how its message is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard
from incidents.alerts.mapping import read_by, read_mapping
from incidents.alerts.proof import (
    Prove,
    any_of,
    by_grafana,
    by_pagerduty,
    by_path,
    by_signature_inside,
    by_standard_webhooks,
    by_token,
)
from incidents.alerts.registry import READ
from incidents.alerts.topics import certificate_at, check_topic
from incidents.hooks.alert_bodies import Body
from incidents.lib.errors import Refused
from incidents.lib.nested import read_json
from incidents.lib.sns import check_host, check_signature
from incidents.models import AlertFormat, AlertSource


@dataclass(frozen=True)
class Message:
    """`event_id` is the sender's name for this message, empty where it has none. `confirm_at` is an address to
    ask, so that the sender knows that it is heard."""

    heard: list[Heard]
    event_id: str = ""
    confirm_at: str = ""


class Unproven(Exception):
    """The signature inside of a message is not the sender's, or the sender is another one."""


ReadMessage = Callable[[AlertSource, Body, Mapping[str, str]], Message]


@dataclass(frozen=True)
class SenderKind:
    proves: Prove
    read: ReadMessage


def _read(source: AlertSource, body: Body, headers: Mapping[str, str]) -> Message:
    return Message(READ[source.format](body.payload()), headers.get("webhook-id", ""))


def _read_mapped(source: AlertSource, body: Body, headers: Mapping[str, str]) -> Message:
    return Message(read_by(read_mapping(source.mapping), body.payload()), headers.get("webhook-id", ""))


def _read_pagerduty(source: AlertSource, body: Body, headers: Mapping[str, str]) -> Message:
    payload: Any = body.payload()
    return Message(READ[source.format](payload), fields.word(fields.obj(payload, "event"), "id", of="event."))


def _read_sns(source: AlertSource, body: Body, headers: Mapping[str, str]) -> Message:
    """Unproven unless Amazon signed it, of the topic that the first message named. What asks to confirm a
    subscription is confirmed by the task that takes it; what holds no alarm changes nothing."""
    message = fields.obj(body.payload())
    try:
        check_signature(message, fetch=certificate_at)
        check_topic(source, str(message.get("TopicArn")))
    except Refused as refused:
        raise Unproven from refused
    event_id = fields.word(message, "MessageId")
    if message.get("Type") == "SubscriptionConfirmation":
        return Message([], event_id, confirm_at=check_host(message.get("SubscribeURL")))
    if message.get("Type") != "Notification":
        return Message([])
    inner = str(message.get("Message"))
    if not inner.lstrip().startswith("{"):
        return Message([])  # words that somebody typed to try the topic
    return Message(READ[source.format](read_json(inner.encode("utf-8", "replace"))), event_id)


_BY_TOKEN = SenderKind(by_token, _read)
# Those whose senders can be given an address and nothing else, or not everywhere.
_BY_TOKEN_OR_PATH = SenderKind(any_of(by_token, by_path), _read)
SENDERS: Mapping[str, SenderKind] = {
    AlertFormat.ALERTMANAGER: _BY_TOKEN,
    AlertFormat.CLOUDWATCH: SenderKind(by_signature_inside, _read_sns),
    AlertFormat.GRAFANA: SenderKind(any_of(by_token, by_grafana), _read),
    AlertFormat.HEALTHCHECKS: _BY_TOKEN_OR_PATH,
    AlertFormat.MACKEREL: _BY_TOKEN_OR_PATH,
    AlertFormat.OPSGENIE: _BY_TOKEN_OR_PATH,
    AlertFormat.PAGERDUTY: SenderKind(any_of(by_token, by_pagerduty), _read_pagerduty),
    AlertFormat.PINGDOM: _BY_TOKEN_OR_PATH,
    AlertFormat.UPTIME_KUMA: _BY_TOKEN_OR_PATH,
    AlertFormat.GENERIC: SenderKind(any_of(by_token, by_path, by_standard_webhooks), _read_mapped),
}
"""Mail comes in by another way: see `incidents.alerts.mailed`."""
