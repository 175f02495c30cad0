"""A mail server that refuses, hangs, cuts off and answers this and that."""

import random
import time
from collections import Counter

import pytest

from incidents.models import Delivery, DeliveryState
from tests.faults.scene import IMPATIENT_SENDER, Scene
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

READERS = 300
FEW_REFUSED = 15  # more in a row are a burst, which pauses the page


def script(scene: Scene, address: str, chance: random.Random) -> str:
    """What the server does at the first attempts for that reader; tells which of it."""
    sink = scene.sink
    does = chance.choice(
        ["421", "450", "451", "550", "552", "454", "cut in DATA", "cut after the dot", "", "", ""]
    )
    match does:
        case "421" | "450" | "451" | "552":
            sink.at_rcpt[address] = [f"{does} try again later"] * chance.randint(1, 2)
        case "454":
            sink.at_dot[address] = ["454 4.7.0 throttled"]
        case "550":
            sink.at_rcpt[address] = ["550 5.1.1 no such user"]
        case "cut in DATA":
            sink.at_data[address] = ["drop"]
        case "cut after the dot":
            sink.at_dot[address] = ["drop"]
    return does


def test_each_answer_in_a_mix_has_its_consequence_and_no_other(scene: Scene) -> None:
    chance = random.Random(421)
    readers = [reader.email for reader in scene.add_readers(READERS)]
    did = {address: script(scene, address, chance) for address in readers}
    for address in [address for address, does in did.items() if does == "550"][FEW_REFUSED:]:
        del scene.sink.at_rcpt[address], did[address]
    incident = scene.open_incident()
    for _ in range(2):
        scene.publish(incident)
    for _ in range(2):
        scene.start(IMPATIENT_SENDER)
    scene.wait_until_settled(seconds=90)
    counts = Counter(did.values())
    scene.history.check(scene.sink.received, copies_allowed=counts["cut after the dot"])
    failed = Delivery.objects.filter(state=DeliveryState.FAILED)
    refused = {address for address, does in did.items() if does == "550"}
    assert refused
    assert set(failed.values_list("subscriber__email", "last_code")) == {(who, "550") for who in refused}
    assert scene.states() == {
        DeliveryState.SENT: 2 * (READERS - len(refused)),
        DeliveryState.FAILED: len(refused),
        DeliveryState.CANCELLED: len(refused),  # the second update: the mailbox is known not to exist by now
    }


def test_a_server_that_goes_away_and_comes_back_costs_no_mail_and_no_attempt(scene: Scene) -> None:
    scene.add_readers(READERS)
    scene.publish(scene.open_incident())
    for _ in range(2):
        scene.start(IMPATIENT_SENDER)
    wait_until(lambda: len(scene.sink.received) >= 50, seconds=60, waiting_for="mail 50")
    with scene.sink.away():
        time.sleep(2)
    scene.wait_until_settled()
    scene.history.check(scene.sink.received, copies_allowed=2)  # both senders may be cut off after the dot
    assert scene.states() == {DeliveryState.SENT: READERS}
    assert not Delivery.objects.filter(attempts__gt=2).exists()


def test_a_server_that_hangs_after_the_dot_gets_the_mail_again_and_nobody_else_waits(scene: Scene) -> None:
    readers = scene.add_readers(60)
    hanging = [reader.email for reader in readers[:3]]
    for address in hanging:
        scene.sink.at_dot[address] = ["hang"]
    scene.publish(scene.open_incident())
    for _ in range(2):
        scene.start(IMPATIENT_SENDER)
    scene.wait_until_settled()
    scene.history.check(scene.sink.received, copies_allowed=len(hanging))
    assert set(Delivery.objects.filter(maybe_sent=True).values_list("subscriber__email", flat=True)) == set(
        hanging
    )
    assert scene.states() == {DeliveryState.SENT: len(readers)}
