"""Senders killed in the middle of their work, as real processes against a real server."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.utils import timezone

from incidents.models import DeliveryState
from incidents.notices import fanout
from tests.make_notices import make_incident, make_page, make_subscribers, make_update
from tests.smtp import Sink, running_sink
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
MAILS = 200
KILLS = 5


@pytest.fixture
def slow_sink() -> Iterator[Sink]:
    """Takes a few milliseconds over each mail, so that a kill finds one under way."""
    with running_sink(seconds_a_mail=0.005) as sink:
        yield sink


@dataclass(frozen=True)
class Shared:
    """The database of this run as other processes reach it; `path` where that is a file."""

    url: str
    path: Path | None = None

    def deliveries(self) -> list[tuple[str, int, str]]:
        """State, attempts and owner of each."""
        query = "SELECT state, attempts, lease_owner FROM incidents_delivery"
        if self.path:
            with closing(sqlite3.connect(self.path, timeout=20)) as database:
                return list(database.execute(query))
        with connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def sent(self) -> int:
        return sum(state == DeliveryState.SENT for state, _attempts, _owner in self.deliveries())


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    """With the mails queued. SQLite's test database is in memory, so that there others get a copy on disk."""
    queue_mails()
    if connection.vendor != "sqlite":
        values = connection.settings_dict
        login = quote(values["USER"]) + (f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else "")
        host = quote(values["HOST"], safe="")  # a directory, where the server listens on a socket in it
        at = f"{host}:{values['PORT']}" if values["PORT"] else host
        yield Shared(f"postgres://{login}@{at}/{values['NAME']}")
        return
    path = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
    yield Shared(f"sqlite:///{path}", path)


@pytest.fixture
def environment(slow_sink: Sink, shared: Shared, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        "DATABASE_URL": shared.url,
        "EMAIL_URL": f"smtp://127.0.0.1:{slow_sink.port}?tls=none",
        "DATA_DIR": str(tmp_path / "data"),
        "SITE_URL": "http://status.example",
    }


def start_sender(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "deliver"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def has_taken(sink: Sink, mails: int) -> bool:
    return len(sink.received) >= mails


def queue_mails() -> None:
    page = make_page()
    make_subscribers(page, MAILS)
    fanout.queue_update(make_update(make_incident(page)), hold_until=timezone.now())


@pytest.mark.parametrize("senders", [1, 2])
def test_five_kills_lose_nothing_and_repeat_at_most_one_mail_each(
    slow_sink: Sink, environment: dict[str, str], shared: Shared, senders: int
) -> None:
    running = [start_sender(environment) for _ in range(senders)]
    try:
        for kill in range(1, KILLS + 1):
            enough = partial(has_taken, slow_sink, kill * MAILS // (KILLS + 1))
            wait_until(enough, seconds=60, waiting_for="mail")
            victim = running.pop(0)
            victim.kill()
            victim.wait()
            running.append(start_sender(environment))
        wait_until(lambda: shared.sent() == MAILS, seconds=90, waiting_for="the last mail")
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert len(slow_sink.copies) == MAILS
    assert len(slow_sink.received) <= MAILS + KILLS
    assert max(slow_sink.copies.values()) <= 2


def test_a_sender_asked_to_stop_finishes_its_message_and_gives_the_rest_back(
    slow_sink: Sink, environment: dict[str, str], shared: Shared
) -> None:
    sender = start_sender(environment)
    try:
        wait_until(lambda: len(slow_sink.received) >= 30, seconds=60, waiting_for="mail")
        sender.send_signal(signal.SIGTERM)
        assert sender.wait(timeout=20) == 0
    finally:
        sender.kill()
        sender.wait()
    assert shared.sent() == len(slow_sink.received) < MAILS
    waiting = {row for row in shared.deliveries() if row[0] != DeliveryState.SENT}
    assert waiting == {("queued", 0, "")}
