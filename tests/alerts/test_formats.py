"""Each format, read from what its system was seen to send or documents that it sends."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from incidents.alerts.heard import Heard
from incidents.alerts.registry import READ
from incidents.lib.errors import Refused

PAYLOADS = Path(__file__).parent.parent / "payloads"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ALERTMANAGER_LABELS = {"alertname": "HighErr", "service": "api", "severity": "critical"}
KUMA_LABELS = {"component": "api", "name": "API", "type": "http", "url": "https://api.example.com/health"}
SAMPLES: dict[str, tuple[str, list[Heard]]] = {
    "alertmanager_0.25_firing.recorded": (
        "alertmanager",
        [
            Heard(
                key="bdef16078f61dcd4",
                firing=True,
                title="API errors",
                severity="critical",
                at=at("2026-11-24T02:24:21.898032"),
                labels=ALERTMANAGER_LABELS,
            )
        ],
    ),
    "alertmanager_0.25_resolved.recorded": (
        "alertmanager",
        [
            Heard(
                key="bdef16078f61dcd4",
                firing=False,
                title="API errors",
                severity="critical",
                at=at("2026-11-24T02:24:23"),
                labels=ALERTMANAGER_LABELS,
            )
        ],
    ),
    "grafana_firing.docs": (
        "grafana",
        [
            Heard(
                key="c6eadffa33fcdf37",
                firing=True,
                title="This alert was triggered for zone us-1",
                at=at("2021-10-12T07:51:03.157076"),
                labels={"alertname": "High memory usage", "team": "blue", "zone": "us-1"},
            )
        ],
    ),
    "uptime_kuma_down.recorded": (
        "uptime_kuma",
        [
            Heard(
                key="7",
                firing=True,
                title="[API] [🔴 Down] timeout of 48000ms exceeded",
                at=at("2026-11-24T02:10:00.123"),
                labels=KUMA_LABELS,
            )
        ],
    ),
    "uptime_kuma_up.recorded": (
        "uptime_kuma",
        [
            Heard(
                key="7",
                firing=False,
                title="[API] [✅ Up] 200 - OK",
                at=at("2026-11-24T02:10:00.123"),
                labels=KUMA_LABELS,
            )
        ],
    ),
    "uptime_kuma_test.recorded": ("uptime_kuma", []),
    "mackerel_alert.docs": (
        "mackerel",
        [
            Heard(
                key="2bj...",
                firing=True,
                title="MonitorName: MetricName 2.26 > 1.96",
                severity="critical",
                at=at("2016-09-06T02:45:12"),
                labels={"monitor": "MonitorName", "type": "host", "host": "app01", "org": "Macker..."},
            )
        ],
    ),
    "mackerel_sample.recorded": ("mackerel", []),
    "pingdom_down.alerta-tests": (
        "pingdom",
        [
            Heard(
                key="803318",
                firing=True,
                title="Alerta API on OpenShift: HTTP Error 503",
                severity="critical",
                at=at("2017-06-30T22:25:43"),
                labels={"name": "Alerta API on OpenShift", "type": "HTTP"},
            )
        ],
    ),
    "opsgenie_create.docs": (
        "opsgenie",
        [
            Heard(
                key="44f717bf-44bd-11c9-44c7-2d0cf1d07b23",
                firing=True,
                title="Queue of outgoing mail is growing",
                severity="critical",
                at=at("2026-10-05T04:00:00.123"),
                labels={
                    "alias": "mail-queue",
                    "entity": "mx1",
                    "source": "Zabbix",
                    "tags": "mail queue",
                },
            )
        ],
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read(name: str) -> None:
    kind, expected = SAMPLES[name]
    assert READ[kind](payload(name)) == expected


def test_every_sample_is_tried() -> None:
    assert {path.name.removesuffix(".json") for path in PAYLOADS.glob("*.json")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_fields_that_are_not_known_do_no_harm(name: str) -> None:
    kind, expected = SAMPLES[name]
    assert READ[kind](payload(name) | {"brand_new": [{"deep": None}]}) == expected


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("odd", [None, 1, "x", [], [1], True])
def test_what_is_no_object_is_refused(kind: str, odd: Any) -> None:
    with pytest.raises(Refused):
        READ[kind](odd)


@pytest.mark.parametrize("name", ["uptime_kuma_down.recorded", "uptime_kuma_up.recorded"])
def test_nothing_secret_of_a_monitor_is_heard(name: str) -> None:
    (heard,) = READ["uptime_kuma"](payload(name))
    assert "SECRET" not in repr(heard)


def mackerel(**changed: Any) -> list[Heard]:
    sample = payload("mackerel_alert.docs")
    return READ["mackerel"](sample | {"alert": sample["alert"] | changed})


def test_an_alert_of_mackerel_that_was_closed_by_hand_is_over_though_critical() -> None:
    (heard,) = mackerel(isOpen=False, status="critical", trigger="manual")
    assert (heard.firing, heard.at) == (False, at("2016-09-06T02:48:12"))


def test_an_alert_of_mackerel_may_become_worse_under_its_id() -> None:
    (before,), (after,) = mackerel(status="warning"), mackerel(status="critical")
    assert (before.key, before.severity) == (after.key, "minor")
    assert after.severity == "critical"


@pytest.mark.parametrize("event", ["monitorUpdate", "hostStatus", "sample"])
def test_other_news_of_mackerel_change_nothing(event: str) -> None:
    assert READ["mackerel"](payload("mackerel_alert.docs") | {"event": event}) == []


CHECK = {"source": "healthchecks", "code": "c1", "name": "Backup", "status": "down", "tags": "db nightly"}


@pytest.mark.parametrize(("status", "firing"), [("down", True), ("up", False)])
def test_a_check_of_healthchecks_is_known_by_its_code(status: str, firing: bool) -> None:
    (heard,) = READ["healthchecks"](CHECK | {"status": status, "now": "2026-11-24T02:10:00+00:00"})
    assert (heard.key, heard.firing, heard.at) == ("c1", firing, at("2026-11-24T02:10:00"))
    assert heard.labels == {"name": "Backup", "tags": "db nightly"}


def pagerduty(kind: str, **data: Any) -> Any:
    incident = {"id": "P1", "status": "triggered", "title": "Disk", "service": {"summary": "DB"}, **data}
    event = {"id": "E1", "event_type": kind, "occurred_at": "2026-11-24T02:10:00.123Z", "data": incident}
    return {"event": event}


@pytest.mark.parametrize(
    ("kind", "firing"),
    [
        ("incident.triggered", [True]),
        ("incident.reopened", [True]),
        ("incident.resolved", [False]),
        ("incident.acknowledged", []),
        ("incident.annotated", []),
        ("pagey.ping", []),
    ],
)
def test_of_pagerduty_beginnings_and_ends_are_heard(kind: str, firing: list[bool]) -> None:
    heard = READ["pagerduty"](pagerduty(kind, urgency="high"))
    assert [(one.key, one.firing, one.severity) for one in heard] == [("P1", on, "critical") for on in firing]


@pytest.mark.parametrize(
    ("action", "firing"),
    [("Create", [True]), ("Close", [False]), ("Delete", [False]), ("Acknowledge", []), ("AddNote", [])],
)
def test_of_opsgenie_beginnings_and_ends_are_heard(action: str, firing: list[bool]) -> None:
    heard = READ["opsgenie"](payload("opsgenie_create.docs") | {"action": action})
    assert [one.firing for one in heard] == firing


@pytest.mark.parametrize(
    ("name", "severity"),
    [("DatasourceNoData", "minor"), ("DatasourceError", "minor"), ("Errors", "critical")],
)
def test_that_grafana_cannot_see_is_no_more_than_minor(name: str, severity: str) -> None:
    sample = payload("grafana_firing.docs")
    sample["alerts"][0]["labels"] = {"alertname": name, "severity": "critical"}
    (heard,) = READ["grafana"](sample)
    assert heard.severity == severity


def test_the_test_button_of_grafana_changes_nothing() -> None:
    sample = payload("grafana_firing.docs")
    sample["alerts"][0]["labels"] = {"alertname": "TestAlert", "instance": "Grafana"}
    assert READ["grafana"](sample) == []


ALARM = {
    "AlarmName": "errors",
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:errors",
    "StateChangeTime": "2026-11-24T02:10:00.123+0000",
}


@pytest.mark.parametrize(("state", "firing"), [("ALARM", [True]), ("OK", [False]), ("INSUFFICIENT_DATA", [])])
def test_of_cloudwatch_an_alarm_and_its_end_are_heard(state: str, firing: list[bool]) -> None:
    heard = READ["cloudwatch"](ALARM | {"NewStateValue": state})
    assert [(one.key, one.firing) for one in heard] == [(ALARM["AlarmArn"], on) for on in firing]
    assert all(one.at == at("2026-11-24T02:10:00.123") for one in heard)


def test_what_else_amazon_sends_through_a_topic_changes_nothing() -> None:
    assert READ["cloudwatch"]({"Event Source": "db-instance", "Event Message": "Backing up"}) == []
