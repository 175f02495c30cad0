"""A mail server pipes what came back into a process of its own."""

import os
import re
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from incidents.actions.returned import Taken, take_returned
from incidents.lib import tokens
from incidents.models import Delivery, MailEvent, Page, Subscriber, SubscriberState
from tests import make
from tests.faults.scene import database_url
from tests.make_returned import BOUNCE_DOMAIN, fresh, return_path_of, told
from tests.returned import READER, returned_mail

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page(db: None) -> Page:
    return make.page()


@pytest.fixture
def reader(page: Page) -> Subscriber:
    return make.subscriber(page, READER)


@pytest.fixture
def mail(page: Page, reader: Subscriber, settings: Settings) -> Delivery:
    settings.BOUNCE_DOMAIN = BOUNCE_DOMAIN
    return told(page)[0]


@pytest.mark.parametrize("name", ["postfix", "qmail", "exchange", "carrier", "carrier_japanese"])
def test_a_hard_bounce_to_the_return_path_takes_the_address_out(
    mail: Delivery, reader: Subscriber, name: str
) -> None:
    raw = returned_mail(name, recipient=return_path_of(mail))
    assert [take_returned(raw, []), take_returned(raw, [])] == [Taken.COUNTED, Taken.KNOWN]
    assert fresh(reader).state == SubscriberState.DISABLED


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("delayed", Taken.AUTOMATIC),
        ("vacation", Taken.AUTOMATIC),
        ("human", Taken.PERSONAL),
        ("full", Taken.COUNTED),
        ("policy", Taken.COUNTED),
    ],
)
def test_what_is_no_hard_bounce_takes_nobody_out(
    mail: Delivery, reader: Subscriber, name: str, taken: Taken
) -> None:
    assert take_returned(returned_mail(name, recipient=return_path_of(mail)), []) is taken
    assert fresh(reader).state == SubscriberState.ACTIVE


def test_a_complaint_is_known_by_the_return_path_that_it_names(mail: Delivery, reader: Subscriber) -> None:
    assert take_returned(returned_mail("complaint", recipient=return_path_of(mail)), []) is Taken.COUNTED
    assert fresh(reader).state == SubscriberState.UNSUBSCRIBED


def test_the_envelopes_recipient_counts_where_no_header_names_it(mail: Delivery) -> None:
    assert take_returned(returned_mail("postfix"), [return_path_of(mail).upper()]) is Taken.COUNTED


def forged(path: str) -> list[str]:
    public_id, mac = re.findall(r"b\+(\w+)\.(\w+)@", path)[0]
    other_purpose = tokens.short_mac("unsubscribe", public_id)
    return [
        f"b+{public_id}@{BOUNCE_DOMAIN}",
        f"b+{public_id}.{'a' * 16}@{BOUNCE_DOMAIN}",
        f"b+{public_id}.{mac[:-1]}@{BOUNCE_DOMAIN}",
        f"b+{'0' * 32}.{mac}@{BOUNCE_DOMAIN}",
        f"b+{public_id}.{other_purpose}@{BOUNCE_DOMAIN}",
        READER,
        "",
    ]


def test_a_forged_return_path_changes_nothing(mail: Delivery, reader: Subscriber) -> None:
    for path in forged(return_path_of(mail)):
        assert take_returned(returned_mail("postfix", recipient=path), [path]) is Taken.UNSIGNED, path
    assert fresh(reader).state == SubscriberState.ACTIVE
    assert not MailEvent.objects.exists()


def run(*options: str, stdin: bytes, **environment: str) -> subprocess.CompletedProcess[bytes]:
    values = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, **environment}
    command = [sys.executable, "manage.py", "receive_mail", *options]
    return subprocess.run(
        command, cwd=ROOT, env=values, input=stdin, capture_output=True, timeout=60, check=False
    )


@pytest.fixture
def outside(settings: Settings, tmp_path: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": settings.SECRET_KEY,
        "BOUNCE_DOMAIN": BOUNCE_DOMAIN,
    }


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_pipes_a_bounce_into_a_process(
    mail: Delivery, reader: Subscriber, outside: dict[str, str]
) -> None:
    raw = returned_mail("postfix", recipient="postmaster@bounces.example")
    ended = run(stdin=raw, ORIGINAL_RECIPIENT=return_path_of(mail), **outside)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert fresh(reader).state == SubscriberState.DISABLED


@pytest.mark.django_db(transaction=True)
def test_what_is_not_for_us_is_swallowed(mail: Delivery, reader: Subscriber, outside: dict[str, str]) -> None:
    """Sent back, it would reach whoever a spammer named as its sender."""
    ended = run("--recipient", "b+x@bounces.example", stdin=b"\xff\x00 spam" * 300_000, **outside)
    assert ended.returncode == 0
    assert fresh(reader).state == SubscriberState.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_without_a_message_it_says_so(outside: dict[str, str]) -> None:
    assert run(stdin=b"\n", **outside).returncode == 65


def test_while_the_database_is_away_the_mail_server_keeps_the_message(
    settings: Settings, tmp_path: Path
) -> None:
    path = f"b+{'0' * 32}.{tokens.short_mac('bounce', '0' * 32)}@{BOUNCE_DOMAIN}"
    ended = run(
        stdin=returned_mail("postfix", recipient=path),
        DATABASE_URL="postgres://nobody:nothing@127.0.0.1:1/none",
        DATA_DIR=str(tmp_path),
        SECRET_KEY=settings.SECRET_KEY,
    )
    assert ended.returncode == 75
    assert b"the database does not answer" in ended.stderr


def test_the_message_of_a_mail_round_trip_counts_as_arrived(
    page: Page, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor = make.monitor(make.service(page), kind="mail_round_trip", target="probe@example.com")
    marker = f"{monitor.public_id.hex}-0123456789abcdef"
    monitor.state = {"memory": {"marker": marker, "sent_at": "2026-03-02T03:00:00+00:00", "last_ok": None}}
    monitor.save()
    piped = TextIOWrapper(BytesIO(f"X-Status-Page-Marker: {marker}\r\n\r\n".encode()))
    monkeypatch.setattr(sys, "stdin", piped)
    call_command("receive_mail", verbosity=2)
    assert capsys.readouterr().out == "a monitor's message\n"
    monitor.refresh_from_db()
    assert monitor.state["receipt"]["marker"] == marker
