"""A mail round trip as a monitor of the database: its state carries it from one check to the next."""

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from incidents.lib import times
from incidents.models import CheckResult, Monitor
from incidents.monitors import run
from incidents.monitors.intake import take_marked_mail, take_receipt
from tests import make
from tests.mail_servers import Mailbox, Post, serving_smtp

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(settings: Settings) -> Iterator[Post]:
    """The operator's own mail server, on loopback, which the guard would refuse."""
    with serving_smtp(Post(Mailbox())) as serving:
        settings.MAIL_SERVER = "127.0.0.1"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", serving.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = '"Status" <status@example.com>'
        yield serving


@pytest.fixture
def trip(post: Post) -> Monitor:
    return make.monitor(
        make.service(make.page()),
        kind="mail_round_trip",
        target="probe@example.com",
        settings={"limit_minutes": 10, "failures_to_down": 1, "passes_to_up": 1},
    )


def check(monitor: Monitor, *, minutes: float) -> Monitor:
    Monitor.objects.filter(pk=monitor.pk).update(next_check_at=timezone.now() - timedelta(seconds=1))
    with times.at(timezone.now() + timedelta(minutes=minutes)):
        assert run.check_due() == 1
    monitor.refresh_from_db()
    return monitor


def test_a_message_on_its_way_is_no_result_until_it_has_arrived(post: Post, trip: Monitor) -> None:
    check(trip, minutes=0)
    check(trip, minutes=1)
    assert (trip.verdict, CheckResult.objects.count()) == ("unknown", 0)
    with times.at(timezone.now() + timedelta(minutes=2)):
        assert take_marked_mail(post.mailbox.mails[0].raw)
    check(trip, minutes=3)
    assert "arrived after" in CheckResult.objects.get().detail
    assert CheckResult.objects.get().latency_ms == pytest.approx(120_000, abs=10_000)


def test_a_lost_message_brings_the_service_down_and_the_next_one_up_again(post: Post, trip: Monitor) -> None:
    check(trip, minutes=0)
    check(trip, minutes=11)
    assert (trip.verdict, trip.signals.count()) == ("down", 1)
    check(trip, minutes=12)
    assert trip.verdict == "down"
    with times.at(timezone.now() + timedelta(minutes=13)):
        take_receipt(trip, trip.state["memory"]["marker"])
    check(trip, minutes=14)
    check(trip, minutes=16)
    assert trip.verdict == "up"


def test_the_sender_is_the_operator_s(post: Post, trip: Monitor) -> None:
    check(trip, minutes=0)
    assert post.mailbox.mails[0].message["From"] == "status@example.com"


def test_without_a_mail_server_the_monitor_is_parked_with_a_word(trip: Monitor, settings: Settings) -> None:
    settings.MAIL_SERVER = None
    check(trip, minutes=0)
    assert trip.parked_reason == "smtp_server: expected a mail server, since none is set up for this system"


def test_a_message_that_lost_its_header_is_known_by_its_subject(post: Post, trip: Monitor) -> None:
    check(trip, minutes=0)
    forwarded = EmailMessage()
    forwarded["Subject"] = f"Fwd: {post.mailbox.mails[0].message['Subject']}"
    assert take_marked_mail(forwarded.as_bytes())
    trip.refresh_from_db()
    assert trip.state["receipt"]["marker"] == trip.state["memory"]["marker"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"Subject: hello\r\n\r\n", b"\xff\xfe", b"Subject: " + b"0" * 32 + b"-" + b"0" * 16 + b"\r\n\r\n"],
)
def test_other_messages_are_none_of_ours(trip: Monitor, raw: bytes) -> None:
    assert not take_marked_mail(raw)


def test_a_second_copy_changes_nothing(post: Post, trip: Monitor) -> None:
    check(trip, minutes=0)
    raw = post.mailbox.mails[0].raw
    assert take_marked_mail(raw)
    trip.refresh_from_db()
    before: dict[str, Any] = trip.state
    assert take_marked_mail(raw)
    trip.refresh_from_db()
    assert trip.state == before
