"""Waking a task costs its caller nothing, whatever the broker does."""

import time
from collections.abc import Callable, Iterator

import pytest
from celery import current_app

from incidents.lib import wake as waking
from incidents.lib.wake import SILENCE_SECONDS, Breaker, wake
from tests.broker import Broker, broker

TASK = "incidents.tasks.deliver_notices"
LONGEST_WAIT_SECONDS = 1.5


@pytest.fixture(autouse=True)
def closed_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "_breaker", Breaker())


@pytest.fixture
def real_broker() -> Iterator[Broker]:
    before = current_app.conf.broker_url
    with broker() as server:
        current_app.conf.broker_url = server.celery_url
        wake(TASK)  # the first loads the client
        yield server
    current_app.conf.broker_url = before


def waiting_messages(server: Broker) -> int:
    with current_app.connection_for_read(server.celery_url) as connection:
        return int(connection.default_channel.client.llen("notices"))


def timed_wake() -> float:
    started_at = time.monotonic()
    wake(TASK)
    return time.monotonic() - started_at


def test_a_wake_arrives_in_the_queue_of_its_task(real_broker: Broker) -> None:
    before = waiting_messages(real_broker)
    wake(TASK)
    assert waiting_messages(real_broker) == before + 1


def test_a_broker_that_is_gone_costs_no_time_and_no_error(real_broker: Broker) -> None:
    real_broker.kill()
    assert timed_wake() < LONGEST_WAIT_SECONDS


def test_a_frozen_broker_costs_a_moment_three_times_and_then_nothing(real_broker: Broker) -> None:
    real_broker.freeze()
    assert all(timed_wake() < LONGEST_WAIT_SECONDS for _ in range(3))
    assert timed_wake() < 0.05


def test_wakes_arrive_again_when_the_broker_is_back(real_broker: Broker) -> None:
    real_broker.kill()
    wake(TASK)
    real_broker.start()
    before = waiting_messages(real_broker)  # only now: a killed broker forgets its last second
    wake(TASK)
    assert waiting_messages(real_broker) == before + 1


def test_the_breaker_opens_at_the_third_failure_in_a_row_and_closes_by_itself(
    pass_seconds: Callable[[float], None],
) -> None:
    breaker = Breaker()
    breaker.note_failure()
    breaker.note_failure()
    breaker.note_success()
    breaker.note_failure()
    breaker.note_failure()
    assert not breaker.is_open()
    breaker.note_failure()
    assert breaker.is_open()
    pass_seconds(SILENCE_SECONDS + 1)
    assert not breaker.is_open()


@pytest.fixture
def pass_seconds(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    passed = 0.0
    real = time.monotonic

    def advance(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr("time.monotonic", lambda: real() + passed)
    return advance
