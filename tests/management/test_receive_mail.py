"""The command as a mail server runs it: a process that gets one message."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from incidents.models import Delivery, MailEvent, Subscriber
from incidents.notices.links import find_returned, return_path
from statuspage.environment import BASE_DIR
from tests import make
from tests.faults.scene import database_url
from tests.make_returned import auto_reply, complaint, dsn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def path(settings: Settings) -> str:
    """The return path of a mail that was sent."""
    settings.BOUNCE_DOMAIN = "bounces.example.com"
    page = make.page()
    make.subscriber(page, "kato@example.jp")
    make.update(make.incident(page), notify=True)
    Delivery.objects.update(state="sent", sent_at=timezone.now())
    return return_path(Delivery.objects.get().public_id, fallback="")


def receive(message: bytes, tmp_path: Path, *arguments: str, **environment: str) -> int:
    command = [sys.executable, "manage.py", "receive_mail", *arguments]
    values = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": django_settings.SECRET_KEY,
        "BOUNCE_DOMAIN": "bounces.example.com",
        **environment,
    }
    done = subprocess.run(command, cwd=BASE_DIR, env=values, input=message, check=False, timeout=60)
    return done.returncode


def bounce(to: str = "postmaster@example.com") -> bytes:
    return dsn("5.1.1", "smtp; 550 5.1.1 <kato@example.jp> unknown", to=to)


def test_a_bounce_to_the_signed_address_disables_the_subscriber(path: str, tmp_path: Path) -> None:
    assert receive(bounce(), tmp_path, "--recipient", path.upper()) == 0
    subscriber = Subscriber.objects.get()
    assert (subscriber.state, subscriber.disabled_reason) == ("disabled", "550 5.1.1 <…> unknown")
    assert receive(bounce(), tmp_path, "--recipient", path) == 0
    assert MailEvent.objects.get().source == "dsn"


def test_the_recipient_is_known_from_the_environment_or_the_message(path: str, tmp_path: Path) -> None:
    assert receive(bounce(), tmp_path, ORIGINAL_RECIPIENT=path) == 0
    assert MailEvent.objects.count() == 1
    MailEvent.objects.all().delete()
    assert receive(bounce(to=f"<{path}>"), tmp_path) == 0
    assert MailEvent.objects.count() == 1


def test_a_complaint_is_known_by_the_sender_it_quotes(path: str, tmp_path: Path) -> None:
    assert receive(complaint(path), tmp_path, "--recipient", "fbl@bounces.example.com") == 0
    assert Subscriber.objects.get().state == "unsubscribed"


def test_forged_and_foreign_messages_change_nothing(path: str, tmp_path: Path) -> None:
    local, _, domain = path.partition("@")
    forged = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    assert find_returned(forged) is None
    for message, recipient in (
        (bounce(to=path), forged),
        (bounce(to=path), "kato@example.jp"),
        (complaint(forged), "fbl@bounces.example.com"),
        (auto_reply(), path),
        (b"\x00\xff" * 1000, path),
        (b"", path),
    ):
        assert receive(message, tmp_path, "--recipient", recipient) == 0
    assert Subscriber.objects.get().state == "active"
    assert not MailEvent.objects.exists()


def test_a_message_beyond_a_mebibyte_is_read_in_its_beginning(path: str, tmp_path: Path) -> None:
    assert receive(bounce() + b"x" * 3_000_000, tmp_path, "--recipient", path) == 0
    assert Subscriber.objects.get().state == "disabled"


def test_the_mail_server_is_asked_to_try_again_while_the_database_is_away(path: str, tmp_path: Path) -> None:
    away = "postgres://nobody@127.0.0.1:9/none"
    assert receive(bounce(), tmp_path, "--recipient", path, DATABASE_URL=away) == os.EX_TEMPFAIL
    assert receive(b"hello", tmp_path, "--recipient", path, DATABASE_URL=away) == 0
