"""Alerts of other systems, from the call to the draft."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import connection
from django.test import Client

from incidents.actions import wording
from incidents.actions.alert import create_source
from incidents.alerts import intake
from incidents.alerts.intake import take_events
from incidents.hooks import alert_senders
from incidents.lib import times
from incidents.models import Alert, AlertEvent, AlertSource, Incident, IncidentState
from tests import make
from tests.lib.test_sns import KEY, certificate, message

PAYLOADS = Path(__file__).parent.parent / "payloads"


def payload(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return loaded


@pytest.fixture
def source(db: None) -> AlertSource:
    page = make.page()
    return create_source(page, name="Alertmanager", kind="alertmanager", service=make.service(page))


def call(source: AlertSource, body: Any, *, secret: str | None = None) -> int:
    answer = Client().post(
        f"/hooks/{source.format}/{source.public_id}",
        body if isinstance(body, bytes) else json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {source.secret if secret is None else secret}"},
    )
    return answer.status_code


def send(source: AlertSource, body: Any, *, secret: str | None = None) -> int:
    status = call(source, body, secret=secret)
    take_events()
    return status


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


@pytest.fixture
def amazon(db: None, monkeypatch: pytest.MonkeyPatch) -> AlertSource:
    """A source whose messages are signed by a key of our own in Amazon's place."""
    monkeypatch.setattr(alert_senders, "certificate_at", lambda url: certificate(KEY))
    page = make.page()
    return create_source(page, name="CloudWatch", kind="cloudwatch", service=make.service(page))


ALARM = {
    "AlarmName": "errors",
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:errors",
    "NewStateValue": "ALARM",
    "StateChangeTime": "2026-11-24T03:00:00.000+0000",
}


def test_an_alarm_of_cloudwatch_comes_through_sns(amazon: AlertSource) -> None:
    assert send(amazon, message(Message=json.dumps(ALARM))) == 200
    assert len(drafts()) == 1
    over = ALARM | {"NewStateValue": "OK", "StateChangeTime": "2026-11-24T03:05:00.000+0000"}
    assert send(amazon, message(Message=json.dumps(over), MessageId="2")) == 200
    assert drafts() == []


def test_a_message_of_sns_that_comes_twice_is_one(amazon: AlertSource) -> None:
    for _ in range(2):
        assert send(amazon, message(Message=json.dumps(ALARM))) == 200
    assert AlertEvent.objects.count() == 1


def test_another_topic_that_amazon_signed_is_refused(amazon: AlertSource) -> None:
    send(amazon, message(Message=json.dumps(ALARM)))
    theirs = message(Message=json.dumps(ALARM), MessageId="3", TopicArn="arn:aws:sns:eu-west-1:666:theirs")
    assert send(amazon, theirs) == 401


def test_what_amazon_did_not_sign_is_refused(amazon: AlertSource) -> None:
    assert send(amazon, {**message(), "Message": json.dumps(ALARM)}) == 401
    assert not AlertEvent.objects.exists()


def test_words_typed_to_try_a_topic_change_nothing(amazon: AlertSource) -> None:
    assert send(amazon, message(Message="Hello from SNS")) == 200
    assert AlertEvent.objects.get().heard == []


def test_a_subscription_is_confirmed_at_amazon_and_after_the_answer(
    amazon: AlertSource, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(intake, "confirm", asked.append)
    where = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    confirmation = signed(Type="SubscriptionConfirmation", SubscribeURL=where, Token="t")
    assert call(amazon, confirmation) == 200
    assert asked == []
    with django_capture_on_commit_callbacks(execute=True):
        take_events()
    assert asked == [where]


def test_a_subscription_is_confirmed_nowhere_else(amazon: AlertSource) -> None:
    where = "https://sns.eu-west-1.amazonaws.com.evil.example/"
    assert call(amazon, signed(Type="SubscriptionConfirmation", SubscribeURL=where, Token="t")) == 422
    assert not AlertEvent.objects.exists()


def signed(**changed: str) -> dict[str, Any]:
    """A message about a subscription, whose signature covers other fields than a notification's."""
    names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    made = {**message(), **changed}
    text = "".join(f"{name}\n{made[name]}\n" for name in names)
    signature = KEY.sign(text.encode(), PKCS1v15(), SHA256())
    return {**made, "Signature": base64.b64encode(signature).decode()}


@pytest.mark.parametrize("number", [1, 3])
def test_an_answer_costs_the_same_few_queries_whatever_it_brings(
    source: AlertSource, number: int, django_assert_num_queries: Any
) -> None:
    """The source; has it come before and does it come too often, read once alone and once in turn; one insert."""
    with django_assert_num_queries(9 if connection.vendor == "postgresql" else 8):
        assert call(source, many(number)) == 200
    assert Alert.objects.count() == 0
    take_events()
    assert Alert.objects.count() == number


def test_an_alert_that_fell_silent_is_over_and_the_log_says_why(source: AlertSource) -> None:
    firing = payload("alertmanager_0.25_firing.recorded")
    send(source, firing)
    incident = drafts()[0]
    with times.at(times.now() + timedelta(hours=23)):
        take_events()
        assert drafts() == [incident]
    with times.at(times.now() + timedelta(hours=25)):
        take_events()
    assert drafts() == []
    told = list(incident.log.values_list("text", flat=True))
    assert "監視「Alertmanager」から24時間通知がないため、終息したものとみなした。" in told
    assert not [text for text in told if "正常な状態に戻った" in text]


def test_in_english_it_is_told_so_too(source: AlertSource) -> None:
    said = wording.fell_silent(monitor="Prometheus", hours=24, language="en")
    assert said == "Nothing heard from monitor “Prometheus” for 24 hours: taken to be over."


def test_a_repeat_keeps_an_alert_from_falling_silent(source: AlertSource) -> None:
    firing = payload("alertmanager_0.25_firing.recorded")
    send(source, firing)
    for hours in (20, 40):
        with times.at(times.now() + timedelta(hours=hours)):
            send(source, firing)
    assert len(drafts()) == 1


def test_a_sender_whose_clock_is_fast_is_heard_to_the_end(source: AlertSource) -> None:
    begins, ends = (payload(f"alertmanager_0.25_{name}.recorded") for name in ("firing", "resolved"))
    begins["alerts"][0]["startsAt"] = "2099-01-01T00:00:00Z"
    ends["alerts"][0]["endsAt"] = times.now().isoformat()
    send(source, begins)
    ends["alerts"][0]["endsAt"] = (times.now() + timedelta(seconds=1)).isoformat()
    send(source, ends)
    assert drafts() == []


def many(count: int) -> dict[str, Any]:
    body = payload("alertmanager_0.25_firing.recorded")
    body["alerts"] = [{**body["alerts"][0], "fingerprint": str(n)} for n in range(count)]
    return body


def steps(event: AlertEvent) -> list[str]:
    return [became["step"] for became in event.outcome]


def test_a_worker_that_dies_amid_an_event_loses_none_of_it_and_doubles_none(
    source: AlertSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SLICE_SECONDS", 0.0)
    call(source, many(12))
    event = AlertEvent.objects.get()
    assert [intake.take_slice(event.pk) for _ in range(4)] == [False] * 4
    event.refresh_from_db()
    assert (steps(event), event.taken_at, Alert.objects.count()) == (["open"] * 4, None, 4)
    take_events()
    event.refresh_from_db()
    assert (steps(event), Alert.objects.count(), len(drafts())) == (["open"] * 12, 12, 1)


def test_an_alert_that_cannot_be_taken_takes_no_neighbour_with_it(source: AlertSource) -> None:
    call(source, many(3))
    event = AlertEvent.objects.get()
    event.heard[1]["at"] = "kept by a version of long ago"
    event.save()
    take_events()
    event.refresh_from_db()
    assert steps(event) == ["open", "poisoned", "open"]
    assert set(Alert.objects.values_list("key", flat=True)) == {"0", "2"}


def test_where_a_days_numbers_are_used_up_the_service_shows_its_alert_all_the_same(
    source: AlertSource,
) -> None:
    incident = make.incident(source.page, {make.service(source.page): "degraded"})
    Incident.objects.filter(pk=incident.pk).update(reference=incident.reference[:-2] + "99")
    assert send(source, payload("alertmanager_0.25_firing.recorded")) == 200
    signal = Alert.objects.get().signals.get()
    assert (signal.incident, signal.status, signal.ended_at) == (None, "major_outage", None)
    send(source, payload("alertmanager_0.25_resolved.recorded"))
    signal.refresh_from_db()
    assert signal.ended_at is not None


def test_an_event_of_a_source_that_cannot_be_read_holds_up_no_other(source: AlertSource) -> None:
    call(source, payload("alertmanager_0.25_firing.recorded"))
    AlertSource.objects.filter(pk=source.pk).update(rules="nonsense")
    other = create_source(source.page, name="Other", kind="alertmanager", service=source.service)
    send(other, payload("alertmanager_0.25_firing.recorded"))
    assert Alert.objects.get().source == other
    assert AlertEvent.objects.get(source=source).outcome[0]["step"] == "poisoned"
