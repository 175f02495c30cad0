from pathlib import Path

from pytest_django import Settings

from incidents.models import Delivery
from tests import make
from tests.console.conftest import Desk

LETTER = """\
To: reader@example.com
Subject: =?utf-8?b?6Zqc5a6z?=
Content-Type: text/plain; charset=utf-8

Hello <b>reader</b>
"""


def test_lost_mails_are_listed_with_the_servers_words(desk: Desk) -> None:
    for state in ("failed", "parked", "sent"):
        make.subscriber(desk.page, f"{state}@example.com")
    make.update(make.incident(desk.page), notify=True)
    Delivery.objects.filter(subscriber__email="failed@example.com").update(
        state="failed", last_code="550", last_reply="5.1.1 <User> unknown"
    )
    Delivery.objects.filter(subscriber__email="parked@example.com").update(state="parked", last_code="554")
    html = desk.client.get("/console/mail/").content.decode()
    assert "550 5.1.1 &lt;User&gt; unknown" in html
    assert "parked@example.com" in html
    assert "sent@example.com" not in html


def test_subscribers_are_counted_by_state(desk: Desk) -> None:
    make.subscriber(desk.page)
    html = desk.client.get("/console/mail/").content.decode()
    assert '<dd id="subscribers-active">1</dd>' in html


def test_mails_written_to_files_are_shown_as_text(desk: Desk, settings: Settings, tmp_path: Path) -> None:
    settings.MAIL_DIR = tmp_path
    (tmp_path / "one.eml").write_text(LETTER)
    assert "障害" in desk.client.get("/console/mail/").content.decode()
    html = desk.client.get("/console/mail/files/one.eml/").content.decode()
    assert "Hello &lt;b&gt;reader&lt;/b&gt;" in html


def test_only_files_of_the_mail_folder_are_shown(desk: Desk, settings: Settings, tmp_path: Path) -> None:
    settings.MAIL_DIR = tmp_path / "mail"
    (tmp_path / "secret.eml").write_text(LETTER)
    assert desk.client.get("/console/mail/files/..%2Fsecret.eml/").status_code == 404
    assert desk.client.get("/console/mail/files/secret.eml/").status_code == 404
