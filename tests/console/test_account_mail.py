"""Mails about staff accounts: to nobody but their owners, from nobody's request, read by nobody else."""

import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage as OutgoingMail
from django.test import Client

from incidents.console.account_mail import MOST_WAITING, PostRoom, account_folder, post_room
from incidents.models import Staff
from tests import make
from tests.console.conftest import Desk
from tests.smtp import Sink

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MAIL_SERVER = None
    settings.MAIL_DIR = tmp_path / "mail"
    return tmp_path / "mail"


def ask_for_reset(email: str, **headers: str) -> int:
    client = Client()
    status = client.post("/console/password/reset/", {"email": email}, headers=headers).status_code
    post_room.wait()
    return status


def written() -> list[EmailMessage]:
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in account_folder().glob("*.eml")
    ]


def test_a_forgotten_password_is_chosen_anew_by_a_mailed_link(settings: Any) -> None:
    make.staff("staff@example.com")
    assert ask_for_reset("staff@example.com") == 302
    (mail,) = written()
    body = mail.get_content()
    link = next(line for line in body.splitlines() if "/password/reset/key/" in line)
    assert link.startswith(f"{settings.SITE_URL}/console/password/reset/key/")
    client = Client()
    form = client.get(link.removeprefix(settings.SITE_URL), follow=True)
    typed = {"password1": "new horse battery staple", "password2": "new horse battery staple"}
    client.post(form.redirect_chain[-1][0], typed)
    assert Staff.objects.get().check_password("new horse battery staple")


def test_the_mail_says_that_a_machine_wrote_it_and_is_plain_ascii_on_the_wire() -> None:
    make.staff("staff@example.com")
    ask_for_reset("staff@example.com")
    (mail,) = written()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["To"] == "staff@example.com"
    assert bytes(mail).isascii()
    assert mail["Subject"].startswith("[127.0.0.1] パスワードの再設定")


def test_the_host_that_a_request_names_is_not_in_the_mail() -> None:
    make.staff("staff@example.com")
    ask_for_reset("staff@example.com", host="localhost:9999")
    assert ":9999" not in bytes(written()[0]).decode()


def test_an_address_without_an_account_gets_no_mail_and_the_same_answer() -> None:
    make.staff("staff@example.com")
    assert ask_for_reset("victim@example.org") == ask_for_reset("staff@example.com")
    assert [mail["To"] for mail in written()] == ["staff@example.com"]


def test_colleagues_cannot_read_the_link_in_the_console(desk: Desk) -> None:
    make.staff("owner@example.com")
    ask_for_reset("owner@example.com")
    (path,) = account_folder().glob("*.eml")
    assert "owner@example.com" not in desk.client.get("/console/mail/").content.decode()
    assert desk.client.get(f"/console/mail/files/{path.name}/").status_code == 404


def test_it_goes_through_the_mail_server_where_there_is_one(sink: Sink) -> None:
    make.staff("staff@example.com")
    ask_for_reset("staff@example.com")
    assert [received.recipient for received in sink.received] == ["staff@example.com"]


def test_a_mail_server_that_hangs_holds_nobody_up() -> None:
    room, answered = PostRoom(), threading.Event()

    def write_late() -> OutgoingMail:
        answered.wait(30)
        return OutgoingMail("x", "x", "status@example.com", ["staff@example.com"])

    began = time.monotonic()
    for _ in range(MOST_WAITING * 2):
        room.take(write_late)
    assert time.monotonic() - began < 5
    answered.set()
    room.wait()
    assert MOST_WAITING <= len(written()) <= MOST_WAITING + 1


def test_a_mail_that_cannot_be_written_takes_no_other_with_it() -> None:
    room = PostRoom()
    room.take(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    room.take(lambda: OutgoingMail("x", "x", "status@example.com", ["staff@example.com"]))
    room.wait()
    assert [mail["To"] for mail in written()] == ["staff@example.com"]
