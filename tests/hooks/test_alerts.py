"""Alerts of other systems, from the call to the draft."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from incidents.actions.alert import create_source
from incidents.alerts.intake import take_events
from incidents.models import Alert, AlertSource, Incident, IncidentState
from tests import make

PAYLOADS = Path(__file__).parent.parent / "payloads"


def payload(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return loaded


@pytest.fixture
def source(db: None) -> AlertSource:
    page = make.page()
    return create_source(page, name="Alertmanager", kind="alertmanager", service=make.service(page))


def send(source: AlertSource, body: Any, *, secret: str | None = None) -> int:
    answer = Client().post(
        f"/hooks/{source.format}/{source.public_id}",
        body if isinstance(body, bytes) else json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {source.secret if secret is None else secret}"},
    )
    take_events()
    return answer.status_code


def drafts() -> list[Incident]:
    return list(Incident.objects.filter(state=IncidentState.DRAFT))


def test_an_alert_opens_a_draft_and_its_end_closes_it(source: AlertSource) -> None:
    assert send(source, payload("alertmanager_0.25_firing.recorded")) == 200
    assert [draft.impacts.get().service for draft in drafts()] == [source.service]
    assert send(source, payload("alertmanager_0.25_resolved.recorded")) == 200
    assert drafts() == []
    assert Alert.objects.get().ended_at is not None


def test_a_repeat_opens_nothing_more(source: AlertSource) -> None:
    for _ in range(3):
        send(source, payload("alertmanager_0.25_firing.recorded"))
    assert Alert.objects.count() == len(drafts()) == 1


def test_a_replay_of_what_is_over_opens_nothing(source: AlertSource) -> None:
    for name in ("firing", "resolved", "firing"):
        send(source, payload(f"alertmanager_0.25_{name}.recorded"))
    assert Alert.objects.count() == 1
    assert drafts() == []


def test_the_same_alert_that_begins_anew_is_another(source: AlertSource) -> None:
    for name in ("firing", "resolved"):
        send(source, payload(f"alertmanager_0.25_{name}.recorded"))
    again = payload("alertmanager_0.25_firing.recorded")
    again["alerts"][0]["startsAt"] = "2026-11-24T05:00:00Z"
    send(source, again)
    assert Alert.objects.count() == 2
    assert len(drafts()) == 1


def test_a_group_that_still_fires_may_tell_the_end_of_one_alert(source: AlertSource) -> None:
    both = payload("alertmanager_0.25_firing.recorded")
    both["alerts"].append({**both["alerts"][0], "fingerprint": "other"})
    send(source, both)
    both["alerts"][0]["status"] = "resolved"
    both["alerts"][0]["endsAt"] = "2026-11-24T03:00:00Z"
    send(source, both)
    assert [alert.key for alert in Alert.objects.filter(ended_at=None)] == ["other"]
    assert len(drafts()) == 1


def test_without_the_secret_nothing_is_taken(source: AlertSource) -> None:
    assert send(source, payload("alertmanager_0.25_firing.recorded"), secret="x" * 64) == 401
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b'{"alerts": 1}', 422),
        (b'{"alerts": [1]}', 422),
        (b'{"alerts": [{"status": "firing"}]}', 422),
        (b'{"alerts": [' + b'{"a":' * 25 + b"1" + b"}" * 25 + b"]}", 422),
        (b"[" * 100_000, 422),
        (b"\xff\xfe", 422),
        (b'{"alerts": [], "x": NaN}', 422),
        (b" " * (256 * 1024 + 1), 413),
    ],
)
def test_what_is_no_alert_is_refused(source: AlertSource, body: bytes, status: int) -> None:
    assert send(source, body) == status
    assert not Alert.objects.exists()
