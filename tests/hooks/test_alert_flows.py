"""What each system tells, from its own messages to a draft and its end."""

import json
from typing import Any

import pytest
from django.test import Client

from incidents.actions.alert import create_source
from incidents.alerts.intake import take_events
from incidents.models import Alert, AlertSource, Incident, IncidentState, Page, Severity
from tests import make
from tests.alerts.test_formats import CHECK, SAMPLES, pagerduty, payload

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page(host="testserver")


def source_of(page: Page, kind: str) -> AlertSource:
    return create_source(page, name=kind, kind=kind, service=make.service(page))


def send(source: AlertSource, body: Any) -> None:
    answer = Client().post(
        f"/hooks/{source.format}/{source.public_id}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {source.secret}"},
    )
    assert answer.status_code == 200
    take_events()


def drafts() -> int:
    return Incident.objects.filter(state=IncidentState.DRAFT).count()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_goes_through(page: Page, name: str) -> None:
    kind, heard = SAMPLES[name]
    send(source_of(page, kind), payload(name))
    fires = any(one.firing for one in heard)
    assert (drafts(), Alert.objects.count()) == ((1, 1) if fires else (0, 0))


def mackerel(**alert: Any) -> dict[str, Any]:
    sample: dict[str, Any] = payload("mackerel_alert.docs")
    return sample | {"alert": sample["alert"] | alert}


OUTAGES: dict[str, tuple[list[Any], Any]] = {
    "uptime_kuma": ([payload("uptime_kuma_down.recorded")] * 2, payload("uptime_kuma_up.recorded")),
    "healthchecks": ([CHECK], CHECK | {"status": "up"}),
    "mackerel": (
        [mackerel(status="warning"), mackerel(status="critical")],
        mackerel(isOpen=False, status="critical", trigger="manual"),
    ),
    "pagerduty": (
        [
            pagerduty("incident.triggered"),
            {"event": pagerduty("incident.acknowledged")["event"] | {"id": "E2"}},
        ],
        {"event": pagerduty("incident.resolved")["event"] | {"id": "E3"}},
    ),
    "pingdom": (
        [payload("pingdom_down.alerta-tests")],
        payload("pingdom_down.alerta-tests")
        | {"current_state": "UP", "previous_state": "DOWN", "state_changed_timestamp": 1498861743},
    ),
    "opsgenie": (
        [payload("opsgenie_create.docs"), payload("opsgenie_create.docs") | {"action": "AddNote"}],
        payload("opsgenie_create.docs") | {"action": "Close"},
    ),
}


@pytest.mark.parametrize("kind", OUTAGES)
def test_an_outage_as_it_is_told(page: Page, kind: str) -> None:
    source = source_of(page, kind)
    told, ended = OUTAGES[kind]
    for body in told:
        send(source, body)
        assert (Alert.objects.count(), drafts()) == (1, 1)
    send(source, ended)
    assert (Alert.objects.count(), drafts()) == (1, 0)
    send(source, ended)
    assert (Alert.objects.count(), drafts()) == (1, 0)


def test_an_alert_that_becomes_worse_makes_its_draft_worse(page: Page) -> None:
    source = source_of(page, "mackerel")
    seen = []
    for status in ("warning", "critical", "warning"):
        send(source, mackerel(status=status))
        seen.append(Incident.objects.get().severity)
    assert seen == [Severity.MINOR, Severity.CRITICAL, Severity.CRITICAL]


def test_no_words_of_a_sender_stand_in_what_may_go_public(page: Page) -> None:
    source = source_of(page, "opsgenie")
    send(source, payload("opsgenie_create.docs"))
    incident = Incident.objects.get()
    said = [incident.title, *map(str, incident.texts.values()), *incident.log.values_list("text", flat=True)]
    assert not [text for text in said if "Queue of outgoing" in text]
