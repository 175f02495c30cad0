"""A watcher elsewhere hears of us as long as we are at work, and no longer."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from incidents.actions.location import note_seen
from incidents.notices.alive import SignOfLife
from tests import make
from tests.endpoints import Endpoints, Reply
from tests.waiting import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watcher(endpoints: Endpoints, settings: Settings) -> Endpoints:
    settings.ALIVE_URL = endpoints.url("/alive")
    return endpoints


def test_who_calls_staff_tells_it_once_a_minute(watcher: Endpoints) -> None:
    alive = SignOfLife()
    alive.tell()
    alive.tell()
    assert len(watcher.to("/alive")) == 1
    call_command("deliver", once=True, verbosity=0, skip_checks=True)
    assert len(watcher.to("/alive")) == 2
    call_command("deliver", once=True, lane=["notices"], verbosity=0, skip_checks=True)
    assert len(watcher.to("/alive")) == 2


def test_it_is_not_told_while_nothing_is_checked_from_anywhere(watcher: Endpoints) -> None:
    service = make.service(make.page())
    make.monitor(service, "http", target="http://www.example.com/", locations=("main", "osaka"))
    alive = SignOfLife()
    note_seen("main", at=timezone.now() - timedelta(minutes=2))
    alive.tell()
    assert watcher.to("/alive") == []
    note_seen("osaka", at=timezone.now())
    alive.tell()
    assert len(watcher.to("/alive")) == 1


@pytest.mark.parametrize("how", ["refuses", "is away"])
def test_a_watcher_that_does_not_take_it_is_logged_without_its_address(
    how: str, watcher: Endpoints, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    watcher.replies["/alive"] = [Reply(500)]
    if how == "is away":
        settings.ALIVE_URL = f"http://127.0.0.1:{free_port()}/alive"
    SignOfLife().tell()
    assert "ALIVE_URL" in caplog.text
    assert "/alive" not in caplog.text
