"""A PostgreSQL that restarts while notices go out."""

import os
import signal
import time

import psycopg
import pytest
from django.db import connection

from incidents.models import DeliveryState
from tests.faults.scene import Scene, database_url
from tests.postgres import LAUNCHER
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(LAUNCHER not in os.environ, reason="needs a server that tests.postgres started"),
]

READERS = 1_000


def started_at() -> object:
    try:
        with psycopg.connect(database_url()) as own:
            return own.execute("SELECT pg_postmaster_start_time()").fetchone()
    except psycopg.OperationalError:
        return None


def restart() -> None:
    before = started_at()
    connection.close()
    os.kill(int(os.environ[LAUNCHER]), signal.SIGUSR1)
    wait_until(lambda: started_at() not in (None, before), seconds=30, waiting_for="restarted PostgreSQL")


def test_restarts_lose_nothing_and_repeat_next_to_nothing(scene: Scene) -> None:
    scene.add_readers(READERS)
    incident = scene.open_incident()
    for _ in range(2):
        scene.publish(incident)
    for _ in range(2):
        scene.start()
    for mails in (200, 900):
        wait_until(lambda: len(scene.sink.received) >= mails, seconds=60, waiting_for="mail")  # noqa: B023
        restart()
        time.sleep(0.5)
    scene.wait_until_settled(seconds=90)
    scene.history.check(
        scene.sink.received, copies_allowed=2 * 2
    )  # a sender may have one mail under way each time
    assert scene.states() == {DeliveryState.SENT: 2 * READERS}
