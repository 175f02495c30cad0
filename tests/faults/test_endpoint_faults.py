"""Senders that are killed while they post to webhooks, and hosts that are slow meanwhile."""

from collections import Counter
from functools import partial

import pytest

from incidents.models import Channel, DeliveryState
from incidents.notices.channels import webhook
from tests import make
from tests.endpoints import Endpoints, Reply, endpoints
from tests.faults.scene import PYTHON, Scene
from tests.waiting import wait_until

__all__ = ["endpoints"]

pytestmark = pytest.mark.faults

SENDER = (PYTHON, "-m", "tests.faults.endpoint_sender", "--lane", "endpoints")
MAIL_SENDER = (PYTHON, "-m", "tests.faults.endpoint_sender", "--lane", "notices")
READERS = 60
KILLS = 4


def add_webhooks(scene: Scene, endpoints: Endpoints, count: int) -> None:
    for number in range(count):
        make.subscriber(
            scene.page,
            channel=Channel.WEBHOOK,
            endpoint=endpoints.url(f"/{number}"),
            secret=webhook.new_secret(),
        )


def has_taken(endpoints: Endpoints, count: int) -> bool:
    return len(endpoints.posted) >= count


def test_each_kill_repeats_at_most_one_message_under_its_own_id(scene: Scene, endpoints: Endpoints) -> None:
    add_webhooks(scene, endpoints, READERS)
    for number in range(READERS):
        endpoints.replies[f"/{number}"] = [Reply(seconds=0.02)]
    incident = scene.open_incident()
    scene.publish(incident)
    sender = scene.start(SENDER)
    for after in range(10, 10 * (KILLS + 1), 10):
        wait_until(partial(has_taken, endpoints, after), seconds=60, waiting_for=f"message {after}")
        scene.kill(sender)
        sender = scene.start(SENDER)
    scene.wait_until_settled()
    incidents = [one for one in endpoints.posted if "incident" in one.json]
    copies = Counter(one.path for one in incidents)
    assert len(copies) == READERS
    assert sum(copies.values()) - READERS <= KILLS
    ids = {(one.path, one.headers["webhook-id"]) for one in incidents}
    assert len(ids) == READERS
    assert scene.states() == {DeliveryState.SENT: READERS}


def test_slow_endpoints_hold_up_no_mail(scene: Scene, endpoints: Endpoints) -> None:
    add_webhooks(scene, endpoints, 3)
    for number in range(3):
        endpoints.replies[f"/{number}"] = [Reply(seconds=5)]
    scene.add_readers(100)
    scene.publish(scene.open_incident())
    for command in (SENDER, MAIL_SENDER):
        scene.start(command)
    wait_until(partial(has_taken, endpoints, 1), seconds=20, waiting_for="the first slow webhook")
    wait_until(lambda: len(scene.sink.received) >= 100, seconds=10, waiting_for="all mails")
    assert len(endpoints.posted) < 6
