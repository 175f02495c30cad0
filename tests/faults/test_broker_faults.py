"""Redis is a doorbell: without it notices leave some seconds later, and none is lost."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from celery import current_app

from incidents.lib import wake as waking
from incidents.lib.wake import Breaker
from incidents.models import Delivery
from tests.broker import Broker, broker
from tests.faults.scene import BEAT, SENDER, WORKER, Scene
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

READERS = 100
SOON_SECONDS, LATER_SECONDS = 1.0, 5.0


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """Also for what this process publishes."""
    monkeypatch.setattr(waking, "_breaker", Breaker())
    before = current_app.conf.broker_url
    with broker() as server:
        current_app.conf.broker_url = server.celery_url
        yield server
    current_app.conf.broker_url = before


def flush(redis: Broker) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(redis.socket))
        client.sendall(b"FLUSHALL\r\n")
        assert client.recv(16) == b"+OK\r\n"


def seconds_to_first_mail(scene: Scene) -> float:
    """From the publication of a new incident's first update."""
    incident = scene.open_incident()
    before = len(scene.sink.received)
    began_at = time.monotonic()
    scene.publish(incident)
    wait_until(lambda: len(scene.sink.received) > before, seconds=30, waiting_for="mail")
    return time.monotonic() - began_at


@pytest.mark.parametrize(
    ("break_it", "mend_it"),
    [
        pytest.param(flush, lambda redis: None, id="flushed"),
        pytest.param(Broker.freeze, Broker.thaw, id="frozen"),
        pytest.param(Broker.kill, Broker.start, id="stopped"),
    ],
)
def test_notices_leave_soon_with_redis_and_a_little_later_without(
    scene: Scene, redis: Broker, break_it: Callable[[Broker], None], mend_it: Callable[[Broker], None]
) -> None:
    scene.add_readers(READERS)
    for command in (SENDER, WORKER, BEAT):
        scene.start(command, REDIS_URL=redis.redis_url)
    seconds_to_first_mail(scene)  # once all are up
    soon = seconds_to_first_mail(scene)
    scene.publish(scene.open_incident())
    break_it(redis)
    later = seconds_to_first_mail(scene)
    scene.wait_until_settled()
    mend_it(redis)
    seconds_to_first_mail(scene)
    scene.wait_until_settled()
    scene.history.check(scene.sink.received, copies_allowed=0)
    assert Delivery.objects.count() == 5 * READERS
    assert soon < SOON_SECONDS
    assert later < LATER_SECONDS
