"""Senders that are killed, that share a database, that are asked to stop, whose clock jumps."""

import random
import signal
from datetime import timedelta
from functools import partial

import pytest
from django.db.models import F, Max, Min
from django.utils import timezone

from incidents.actions.erasure import erase_subscriber
from incidents.actions.leaving import unsubscribe
from incidents.actions.suppression import suppress
from incidents.models import Delivery, DeliveryState, Subscriber, SuppressionReason
from incidents.queries.subscribers import unsubscribe_token
from tests.broker import broker
from tests.faults.scene import BEAT, IMPATIENT_SENDER, PYTHON, SENDER, WORKER, Scene
from tests.smtp import Sink
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

READERS = 1_000
MAILS = 2 * READERS
KILLS = 12
LEFT, SUPPRESSED, ERASED = 10, 5, 5


def has_taken(sink: Sink, mails: int) -> bool:
    return len(sink.received) >= mails


def wait_for_mails(scene: Scene, count: int) -> None:
    wait_until(partial(has_taken, scene.sink, count), seconds=60, waiting_for=f"mail {count}")


def leave(scene: Scene, readers: list[Subscriber]) -> None:
    """Some of each way in which an address ends, after it was to be told and before it could be."""
    for reader in readers[: LEFT + SUPPRESSED + ERASED]:
        scene.history.left.add(reader.email)
    for reader in readers[:LEFT]:
        unsubscribe(unsubscribe_token(reader))
    for reader in readers[LEFT:][:SUPPRESSED]:
        suppress(reader.email, reason=SuppressionReason.BOUNCE)
    for reader in readers[LEFT + SUPPRESSED :][:ERASED]:
        erase_subscriber(reader.email)


def test_twelve_kills_lose_nothing_and_repeat_at_most_one_mail_each(scene: Scene) -> None:
    readers = scene.add_readers(READERS + LEFT + SUPPRESSED + ERASED)
    Subscriber.objects.create(page=scene.page, email="never-confirmed@company0.example")
    incident = scene.open_incident()
    for _ in range(2):
        scene.publish(incident)
    leave(scene, readers)
    chance = random.Random(20200904)
    with broker() as redis:
        commands = [SENDER, SENDER, WORKER]
        running = [scene.start(command, REDIS_URL=redis.redis_url) for command in commands]
        beat = scene.start(BEAT, REDIS_URL=redis.redis_url)
        for after in sorted(chance.sample(range(1, MAILS * 9 // 10), KILLS)):
            wait_for_mails(scene, after)
            victim = chance.randrange(len(running))
            scene.kill(running[victim])
            running[victim] = scene.start(commands[victim], REDIS_URL=redis.redis_url)
        scene.wait_until_settled()
        scene.kill(beat)
    scene.history.check(scene.sink.received, copies_allowed=KILLS)
    cancelled = 2 * (LEFT + SUPPRESSED)
    assert scene.states() == {DeliveryState.SENT: MAILS, DeliveryState.CANCELLED: cancelled}


def test_two_senders_on_one_database_send_nothing_twice(scene: Scene) -> None:
    scene.add_readers(READERS // 2)
    incident = scene.open_incident()
    for _ in range(2):
        scene.publish(incident)
    for _ in range(2):
        scene.start()
    scene.wait_until_settled()
    scene.history.check(scene.sink.received, copies_allowed=0)
    assert scene.sink.connections > 2


def test_a_sender_asked_to_stop_finishes_its_message_and_gives_the_rest_back(scene: Scene) -> None:
    scene.add_readers(READERS)
    scene.publish(scene.open_incident())
    sender = scene.start()
    wait_for_mails(scene, 30)
    sender.send_signal(signal.SIGTERM)
    assert sender.wait(timeout=20) == 0
    assert scene.states()[DeliveryState.SENT] == len(scene.sink.received) < READERS
    waiting = Delivery.objects.exclude(state=DeliveryState.SENT)
    assert set(waiting.values_list("state", "attempts", "lease_owner")) == {(DeliveryState.QUEUED, 0, "")}


@pytest.mark.parametrize("hours", [5, -5])
def test_a_clock_that_jumps_in_one_sender_costs_and_doubles_nothing(scene: Scene, hours: int) -> None:
    scene.add_readers(READERS // 2)
    incident = scene.open_incident()
    scene.publish(incident)
    jumping = scene.start([PYTHON, "-m", "tests.faults.jumping_sender", str(hours)])
    scene.start()
    wait_for_mails(scene, READERS // 4)
    scene.publish(incident, hold_seconds=2)
    scene.wait_until_settled()
    assert jumping.poll() is None
    scene.history.check(scene.sink.received, copies_allowed=0)
    assert scene.states() == {DeliveryState.SENT: READERS}
    assert not Delivery.objects.filter(sent_at__lt=F("next_attempt_at")).exists()
    sent_at = Delivery.objects.aggregate(first=Min("sent_at"), last=Max("sent_at"))
    assert sent_at["last"] - sent_at["first"] < timedelta(minutes=5)


def test_a_stopped_sender_that_wakes_up_sends_no_more_than_its_one_message_again(scene: Scene) -> None:
    """Held so long that its lease is over, and another has its rows."""
    scene.add_readers(100)
    scene.publish(scene.open_incident())
    sleeper = scene.start()
    wait_for_mails(scene, 20)
    sleeper.send_signal(signal.SIGSTOP)
    Delivery.objects.filter(state=DeliveryState.SENDING).update(
        lease_until=timezone.now() - timedelta(hours=1)
    )
    scene.start(IMPATIENT_SENDER)
    scene.wait_until_settled()
    sleeper.send_signal(signal.SIGCONT)
    sleeper.send_signal(signal.SIGTERM)
    sleeper.wait(20)
    scene.history.check(scene.sink.received, copies_allowed=1)
