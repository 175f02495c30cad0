"""Alerts of any system, read as staff set it up."""

from datetime import UTC, datetime
from typing import Any

import pytest

from incidents.alerts.heard import Heard
from incidents.alerts.mapping import PRESETS, JsonMapping, read_by, read_mapping
from incidents.lib.errors import Refused

MAPPING = {"key": "$.id", "state": "$.state", "firing": ["down"], "resolved": ["up"]}


def read(payload: Any, **more: Any) -> list[Heard]:
    return read_by(read_mapping({**MAPPING, **more}), payload)


def test_what_stands_where_it_was_said_to_stand_is_read() -> None:
    (heard,) = read(
        {
            "id": 7,
            "state": "DOWN",
            "what": {"text": "disk full"},
            "prio": "P1",
            "at": 1_790_000_000,
            "h": "db1",
        },
        title="$.what.text",
        severity="$.prio",
        time="$.at",
        labels={"host": "$.h"},
    )
    assert heard == Heard(
        key="7",
        firing=True,
        title="disk full",
        severity="critical",
        at=datetime.fromtimestamp(1_790_000_000, UTC),
        labels={"host": "db1"},
    )


def test_a_list_of_alerts_is_read_one_by_one() -> None:
    payload = {"alerts": [{"id": "a", "state": "down"}, {"id": "b", "state": "up"}]}
    assert [(one.key, one.firing) for one in read(payload, each="$.alerts[*]")] == [("a", True), ("b", False)]


def test_a_state_that_is_neither_changes_nothing() -> None:
    assert read({"id": 1, "state": "muted"}) == []


@pytest.mark.parametrize(
    "payload", [{}, [], 1, None, {"id": 1}, {"state": "down"}, {"id": {}, "state": "down"}]
)
def test_without_key_or_state_it_is_refused_by_the_path(payload: Any) -> None:
    with pytest.raises(Refused) as refused:
        read(payload)
    assert refused.value.field in ("$.id", "$.state")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "id"}, "key"),
        ({"state": 3}, "state"),
        ({"title": "$.."}, "title"),
        ({"time": "$" + ".a" * 200}, "time"),
        ({"firing": []}, "firing"),
        ({"firing": "down"}, "firing"),
        ({"resolved": [1]}, "resolved"),
        ({"labels": {"x": "y"}}, "labels.x"),
        ({"labels": [1]}, "labels"),
    ],
)
def test_a_mapping_that_cannot_work_names_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        read_mapping({**MAPPING, **wrong})
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("preset", "payload", "firing"),
    [
        ("datadog", {"key": "k", "transition": "Triggered"}, True),
        ("datadog", {"key": "k", "transition": "Recovered"}, False),
        ("uptimerobot", {"monitorID": 5, "alertType": "1"}, True),
        ("uptimerobot", {"monitorID": 5, "alertType": 2}, False),
        ("zabbix", {"event_id": "9", "value": "1"}, True),
        ("zabbix", {"event_id": "9", "value": "0"}, False),
        ("nagios", {"key": "db/disk", "type": "PROBLEM", "state": "CRITICAL"}, True),
        ("nagios", {"key": "db/disk", "type": "RECOVERY", "state": "OK"}, False),
    ],
)
def test_the_presets_read_what_their_systems_are_set_up_to_send(
    preset: str, payload: Any, firing: bool
) -> None:
    (heard,) = read_by(PRESETS[preset], payload)
    assert heard.firing is firing


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_may_be_kept(name: str) -> None:
    preset = PRESETS[name]
    kept = {**vars(preset), "firing": list(preset.firing), "resolved": list(preset.resolved)}
    assert read_mapping(kept) == JsonMapping(**vars(preset))
