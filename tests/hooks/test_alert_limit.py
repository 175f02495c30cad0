"""Ten events a second from each source, whoever takes them in."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.db import connection, transaction
from django.test import Client

from incidents.actions.alert import create_source, keep_event
from incidents.actions.alert_limit import EVENTS, TooManyEvents
from incidents.alerts import intake
from incidents.lib import times
from incidents.models import AlertEvent, AlertSource, Page
from incidents.queries.alert import lock_source
from tests import make

NOW = make.jst("2026-11-24 12:00")
BODY = '{"check_id": 1, "current_state": "DOWN"}'


@pytest.fixture
def page(db: None) -> Page:
    return make.page(host="testserver")


@pytest.fixture
def source(page: Page) -> AlertSource:
    return create_source(page, name="Pingdom", kind="pingdom", service=make.service(page))


def send(source: AlertSource) -> Any:
    address = f"/hooks/pingdom/{source.public_id}/{source.secret}"
    return Client().post(address, BODY, content_type="application/json")


def test_beyond_ten_a_second_a_sender_is_asked_to_wait(source: AlertSource) -> None:
    with times.at(NOW):
        assert [send(source).status_code for _ in range(12)] == [200] * 10 + [429] * 2
        assert send(source).headers["Retry-After"] == "1"
    with times.at(NOW + timedelta(seconds=1)):
        assert send(source).status_code == 200
    assert AlertEvent.objects.count() == 11


def test_each_source_has_its_own(source: AlertSource, page: Page) -> None:
    other = create_source(page, name="Other", kind="pingdom", service=source.service)
    with times.at(NOW):
        for _ in range(11):
            send(source)
        assert send(other).status_code == 200


def test_a_flood_writes_nothing_and_holds_nothing(
    source: AlertSource, django_assert_num_queries: Any
) -> None:
    with times.at(NOW):
        for _ in range(EVENTS):
            keep_event(source, [])
        with django_assert_num_queries(1) as asked, pytest.raises(TooManyEvents):
            keep_event(source, [])
    assert asked[0]["sql"].startswith("SELECT COUNT")


def test_what_came_before_does_not_count(source: AlertSource) -> None:
    with times.at(NOW):
        assert [keep_event(source, [], event_id="same") for _ in range(30)] == [True] + [False] * 29


@pytest.mark.django_db(transaction=True)
def test_threads_at_once_take_no_more_than_ten() -> None:
    page = make.page(host="testserver")
    source = create_source(page, name="Pingdom", kind="pingdom", service=make.service(page))
    start, refused = threading.Barrier(6), list[int]()

    def flood() -> None:
        start.wait(20)
        with times.at(NOW):
            for _ in range(4):
                try:
                    keep_event(source, [])
                except TooManyEvents:
                    refused.append(1)
        connection.close()

    threads = [threading.Thread(target=flood) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (AlertEvent.objects.count(), len(refused)) == (EVENTS, 24 - EVENTS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_who_takes_events_keeps_no_sender_waiting() -> None:
    page = make.page(host="testserver")
    source = create_source(page, name="Pingdom", kind="pingdom", service=make.service(page))
    kept: list[bool] = []

    def send_one() -> None:
        kept.append(keep_event(source, []))
        connection.close()

    with transaction.atomic():
        lock_source(source.pk)
        thread = threading.Thread(target=send_one)
        thread.start()
        thread.join(10)
        assert kept == [True]


def test_whoever_takes_events_takes_all_that_wait(
    source: AlertSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who keeps an event beside others that wait wakes nobody."""
    monkeypatch.setattr(intake, "MOST_AT_ONCE", 2)
    for _ in range(5):
        keep_event(source, [])
    assert intake.take_events() == 5
    assert not AlertEvent.objects.filter(taken_at=None).exists()


def test_a_flood_asks_the_broker_once(source: AlertSource, django_capture_on_commit_callbacks: Any) -> None:
    sent: list[str] = []

    def note(sender: str, **_: Any) -> None:
        sent.append(sender)

    before_task_publish.connect(note)
    try:
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                for _ in range(4):
                    keep_event(source, [])
            intake.take_events()
    finally:
        before_task_publish.disconnect(note)
    assert sent == ["incidents.tasks.take_alerts"] * 2
