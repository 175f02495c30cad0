"""Heartbeats at /ping/<uuid>, as healthchecks.io takes them."""

from datetime import UTC, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from incidents.lib import times
from incidents.models import CheckResult, Monitor
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOW = jst("2020-09-01 03:00")


@pytest.fixture
def heartbeat() -> Monitor:
    return make.monitor(make.service(make.page()), kind="heartbeat", settings={"period_seconds": 3600})


def ping(monitor: Monitor, event: str = "", *, method: str = "get", after_minutes: int = 0) -> int:
    with times.at(NOW + timedelta(minutes=after_minutes)):
        answer = getattr(Client(), method)(f"/ping/{monitor.public_id}{event}")
    return int(answer.status_code)


def verdict(monitor: Monitor) -> str:
    monitor.refresh_from_db()
    return monitor.verdict


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_a_ping_is_taken_by_any_method_a_job_may_use(heartbeat: Monitor, method: str) -> None:
    assert ping(heartbeat, method=method) == 200
    assert verdict(heartbeat) == "up"


def test_a_failing_exit_status_is_a_failed_result_and_zero_a_good_one(heartbeat: Monitor) -> None:
    ping(heartbeat, "/0")
    ping(heartbeat, "/fail", after_minutes=1)
    ping(heartbeat, "/3", after_minutes=2)
    assert list(CheckResult.objects.values_list("ok", "detail")) == [
        (True, ""),
        (False, "ended with status 1"),
        (False, "ended with status 3"),
    ]


def test_a_start_alone_is_no_result(heartbeat: Monitor) -> None:
    assert ping(heartbeat, "/start") == 200
    assert not CheckResult.objects.exists()


def test_a_failure_is_down_at_once_and_opens_a_draft(heartbeat: Monitor) -> None:
    ping(heartbeat)
    ping(heartbeat, "/fail", after_minutes=1)
    assert verdict(heartbeat) == "down"
    assert heartbeat.signals.get().incident is not None


def test_an_unknown_address_is_not_found(heartbeat: Monitor) -> None:
    assert Client().get(f"/ping/{uuid4()}").status_code == 404


@pytest.mark.parametrize("event", ["/256", "/-1", "/log", "/１", "/" + "9" * 5000])
def test_what_is_neither_start_nor_fail_nor_a_status_is_refused(heartbeat: Monitor, event: str) -> None:
    assert ping(heartbeat, event) == 400
    assert not CheckResult.objects.exists()


@pytest.fixture
def trip() -> Monitor:
    """A mail round trip whose message is on its way."""
    monitor = make.monitor(make.service(make.page()), kind="mail_round_trip", target="probe@example.com")
    marker = f"{monitor.public_id.hex}-0123456789abcdef"
    monitor.state = {"memory": {"marker": marker, "sent_at": NOW.isoformat(), "last_ok": None}}
    monitor.next_check_at = times.now() + timedelta(hours=1)
    monitor.save()
    return monitor


def test_word_that_a_message_has_arrived_is_kept_and_checked_soon(trip: Monitor) -> None:
    marker = trip.state["memory"]["marker"]
    assert ping(trip, f"/{marker}", method="post", after_minutes=4) == 200
    assert ping(trip, f"/{marker}", method="post", after_minutes=9) == 200
    trip.refresh_from_db()
    assert trip.state["receipt"] == {
        "marker": marker,
        "at": (NOW + timedelta(minutes=4)).astimezone(UTC).isoformat(),
    }
    assert trip.next_check_at <= times.now()


@pytest.mark.parametrize("marker", ["", "/start", "/0", "/0123456789abcdef"])
def test_word_of_a_message_that_is_not_on_its_way_is_refused(trip: Monitor, marker: str) -> None:
    assert ping(trip, marker) == 400
    trip.refresh_from_db()
    assert "receipt" not in trip.state


def test_nothing_is_awaited_before_the_first_message(trip: Monitor) -> None:
    Monitor.objects.update(state={})
    assert ping(trip, "") == 400
