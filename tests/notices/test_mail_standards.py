"""Mails against the standards, asked of readers that are not ours: Python's mail parser, dkimpy, an SMTP server."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import transaction
from django.utils import timezone

from incidents.lib.dkim import Key, Signer, dns_record, read_key
from incidents.models import Delivery, MailText, Notice, NoticeKind, Page, Stage, Subscriber, Update, Wish
from incidents.notices import fanout
from incidents.notices.mail_texts import Part
from incidents.notices.outbox import deliver_due
from incidents.notices.render import Mailroom
from tests.looking_html import loads_of
from tests.make_notices import (
    NOON,
    degraded,
    make_incident,
    make_page,
    make_service,
    make_subscriber,
    make_update,
)
from tests.smtp import Received, Sink, sink

__all__ = ["sink"]
pytestmark = pytest.mark.django_db(transaction=True)
NASTY = [
    "x\r\nBcc: victim@example.com",
    "x\nX-Evil: 1",
    "x\rX-Evil: 1",
    "x\r\n X-Folded: 1",
    "x\u2028X-Evil: 1",
    "x\u0085X-Evil: 1",
    "x\x0bX-Evil: 1\x0c\x1f",
    "x\r\n\r\n<script>alert(1)</script>",
    "=?utf-8?q?=0D=0ABcc:_victim@example.com?=",
    "障害\r\nBcc: victim@example.com",
    '" <evil@example.com>, "',
    "a, b <c@example.com>; (d) \\ [e]",
    "x\u202ey",
    "長" * 100,
    "x" * 100,
]
FIELDS = ["name", "organisation", "title", "service", "reply_to", "subject_text", "opening_text", "email"]
# RFC 6376, 5.4.1, and RFC 8058, 4: what a signature covers.
COVERED = {
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "in-reply-to",
    "references",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-help",
    "auto-submitted",
    "mime-version",
    "content-type",
}


@dataclass(frozen=True)
class Keys:
    key: Key
    path: Path

    def answer(self, name: bytes, *, timeout: int = 5) -> bytes | None:
        """What DNS holds."""
        known = name.rstrip(b".") == b"s1._domainkey.status.example"
        return dns_record(self.key).encode() if known else None


@pytest.fixture(params=["rsa", "ed25519"])
def keys(request: pytest.FixtureRequest, tmp_path: Path, settings: Any, sink: Sink) -> Iterator[Keys]:
    key: Key = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if request.param == "rsa"
        else ed25519.Ed25519PrivateKey.generate()
    )
    path = tmp_path / "dkim.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings.DKIM_KEY_FILE, settings.DKIM_SELECTOR = path, "s1"
    yield Keys(key, path)


@pytest.fixture
def page() -> Page:
    return make_page(name="サンプルクラウド", reply_to="support@example.com")


def queue_update(update: Update) -> Notice:
    with transaction.atomic():
        return fanout.queue_update(update, hold_until=timezone.now())


def sent(page: Page, sink: Sink, **fields: Any) -> Received:
    """An update as a mail server took it."""
    make_subscriber(page, **fields)
    archive = make_service(page, "アーカイブ", slug="archive")
    queue_update(make_update(make_incident(page), scope=degraded(archive)))
    assert deliver_due() == 1
    return sink.received[-1]


def test_a_signed_mail_is_verified_as_it_came_over_the_wire(page: Page, sink: Sink, keys: Keys) -> None:
    got = sent(page, sink)
    assert dkim.verify(got.raw, dnsfunc=keys.answer)
    signature = tags_of(got.message)
    assert (signature["d"], signature["s"], signature["c"]) == ("status.example", "s1", "relaxed/simple")
    assert "l" not in signature, "text could be added"
    signed = signature["h"].split(":")
    assert set(signed) >= COVERED
    for name in ("from", "to", "subject", "reply-to"):
        assert signed.count(name) == 2, "one added on the way is not signed"


def tags_of(message: EmailMessage) -> dict[str, str]:
    text = re.sub(r"\s", "", str(message["DKIM-Signature"]))
    return dict(tag.split("=", 1) for tag in text.split(";") if tag)


@pytest.mark.parametrize(
    "forge",
    [
        lambda raw: raw.replace(b"One-Click", b"Two-Click"),
        lambda raw: b"From: <evil@example.com>\r\n" + raw,
        lambda raw: b"Subject: x\r\n" + raw,
        lambda raw: b"Reply-To: evil@example.com\r\n" + raw,
        lambda raw: raw.replace(b"--\r\n", b"--\r\nmore\r\n"),
        lambda raw: raw.replace(b"/unsubscribe/", b"/unsubscribf/", 1),
    ],
)
def test_a_mail_that_was_changed_on_its_way_is_not_verified(
    page: Page, sink: Sink, keys: Keys, forge: Callable[[bytes], bytes]
) -> None:
    raw = sent(page, sink).raw
    assert forge(raw) != raw
    assert not dkim.verify(forge(raw), dnsfunc=keys.answer)


def test_a_mail_server_may_fold_headers_anew(page: Page, sink: Sink, keys: Keys) -> None:
    raw = sent(page, sink).raw
    assert dkim.verify(raw.replace(b"List-Unsubscribe: <", b"LIST-Unsubscribe:\r\n  <"), dnsfunc=keys.answer)


def test_personal_mails_are_signed_too(page: Page, sink: Sink, keys: Keys) -> None:
    reader = make_subscriber(page)
    fanout.queue_personal(NoticeKind.CONFIRM, reader, wish=Wish.objects.create(subscriber=reader))
    assert deliver_due() == 1
    assert dkim.verify(sink.received[0].raw, dnsfunc=keys.answer)


def test_without_a_key_nothing_is_signed(page: Page, sink: Sink) -> None:
    assert sent(page, sink).message["DKIM-Signature"] is None


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"hunter2",
        b"-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n",
        rsa.generate_private_key(public_exponent=65537, key_size=1024).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    ],
)
def test_a_key_that_is_none_or_too_weak_is_refused_and_not_quoted(pem: bytes) -> None:
    with pytest.raises(ValueError, match=r"private key|RSA of 2048 bits") as refusal:
        read_key(pem)
    assert "hunter2" not in str(refusal.value)


def test_a_signature_is_the_same_for_the_same_instant_and_key() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    signer = Signer("status.example", "s1", key, now=lambda: 1_600_000_000)
    first, second = (signer.header("From: a@status.example\r\n", b"x\r\n") for _ in range(2))
    assert first == second and "t=1600000000" in first


def test_one_click_is_as_rfc_8058_asks(page: Page, sink: Sink) -> None:
    """A single https address (http here, as the page's), opaque, and the exact words of the other header."""
    message = sent(page, sink).message
    (unsubscribe,) = re.findall(r"<([^<>]*)>", str(message["List-Unsubscribe"]))
    assert urlsplit(unsubscribe).scheme == "http" and not urlsplit(unsubscribe).query
    assert re.fullmatch(r"/unsubscribe/[0-9a-f]{100,}", urlsplit(unsubscribe).path)
    assert "reader" not in unsubscribe
    assert message.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]


def test_list_headers_are_as_rfc_2369_and_2919_ask(page: Page, sink: Sink) -> None:
    message = sent(page, sink).message
    for name in ("List-Unsubscribe", "List-Help"):
        assert re.fullmatch(r"<https?://[\x21-\x7e]+>", str(message[name])), name
    assert re.search(r"<([a-z0-9-]+\.)+[a-z0-9-]+>$", str(message["List-Id"]))
    assert str(message["List-Id"]).startswith('"サンプルクラウド"') or "サンプルクラウド" in str(
        message["List-Id"]
    )


def test_nobody_answers_by_machine(page: Page, sink: Sink) -> None:
    """RFC 3834."""
    message = sent(page, sink).message
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"


def test_the_envelope_and_the_headers_are_as_rfc_5321_and_5322_ask(
    page: Page, sink: Sink, settings: Any
) -> None:
    settings.BOUNCE_DOMAIN = "bounces.status.example"
    got = sent(page, sink)
    message = got.message
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"):
        assert len(message.get_all(name) or []) == 1, name
    assert re.fullmatch(r"<[^\s<>@]+@[a-z0-9.-]+>", str(message["Message-ID"]))
    assert parsedate_to_datetime(str(message["Date"])).utcoffset() is not None
    local, _, domain = got.sender.partition("@")
    assert domain == "bounces.status.example" and len(local) <= 64
    for line in got.raw.split(b"\r\n"):
        assert len(line) <= 998 and b"\n" not in line and b"\r" not in line
    assert all(part.get_content_charset() == "utf-8" for part in message.iter_parts())


def test_an_incident_is_one_thread_from_its_first_mail_to_its_report(page: Page, sink: Sink) -> None:
    make_subscriber(page)
    incident = make_incident(page)
    for number, stage in enumerate([Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.RESOLVED], 1):
        queue_update(make_update(incident, number, stage=stage))
        deliver_due()
    other = make_incident(page, reference="INC-20200904-02")
    queue_update(make_update(other))
    deliver_due()
    mails = [got.message for got in sink.received]
    roots = [(str(mail["References"]), str(mail["In-Reply-To"])) for mail in mails]
    assert len(set(roots[:3])) == 1 and roots[0][0] == roots[0][1]
    assert roots[3] != roots[0]
    assert len({str(mail["Message-ID"]) for mail in mails}) == 4


def test_a_mail_sent_again_keeps_its_message_id(page: Page) -> None:
    make_subscriber(page)
    queue_update(make_update(make_incident(page)))
    row = Delivery.objects.select_related("subscriber__page", "notice__incident").get()
    first, second = (re.findall(rb"(?m)^Message-ID: .*", Mailroom().letter(row).data) for _ in range(2))
    assert first == second and len(first) == 1


@pytest.mark.parametrize("language", ["ja", "en"])
def test_html_asks_no_other_machine_for_anything(page: Page, sink: Sink, language: str) -> None:
    MailText.objects.create(
        page=page,
        part=Part.CLOSING,
        language=language,
        text='<img src="https://evil.example/x.png"> 03-0000-0000',
    )
    part = sent(page, sink, language=language).message.get_body(("html",))
    assert part is not None
    html = part.get_content()
    assert list(loads_of(html)) == []
    assert "prefers-color-scheme: dark" in html, "the rules for dark screens are kept"
    assert html.count("style=") > 20, "the others stand in the elements"


@pytest.mark.parametrize("evil", NASTY)
@pytest.mark.parametrize("field", FIELDS)
def test_no_field_adds_a_header_or_a_recipient(page: Page, sink: Sink, field: str, evil: str) -> None:
    """ASVS 1.3.11: written past every form, straight into the database."""
    reader = make_subscriber(page)
    archive = make_service(page, evil if field == "service" else "Archive", slug="archive")
    incident = make_incident(page, title=evil if field == "title" else "x")
    if field in ("name", "organisation", "reply_to"):
        Page.objects.filter(pk=page.pk).update(**{field: evil})
    if field == "email":
        Subscriber.objects.filter(pk=reader.pk).update(email=evil)
    if field.endswith("_text"):
        part = Part.INCIDENT_SUBJECT if field == "subject_text" else Part.FIRST_UPDATE
        MailText.objects.create(page=page, part=part, language="ja", text=evil)
    update = make_update(incident, scope=degraded(archive))
    queue_update(update)
    assert deliver_due() == (0 if field == "email" else 1)
    for got in sink.received:
        assert got.recipient == "reader@example.com"
        check_headers(got.message)
        head = got.raw.partition(b"\r\n\r\n")[0]
        assert b"\r" not in head.replace(b"\r\n", b"") and b"\n" not in head.replace(b"\r\n", b"")


def check_headers(message: EmailMessage) -> None:
    names = [name.lower() for name in message]
    assert sorted(set(names)) == sorted(names), "each once"
    assert set(names) <= COVERED | {"x-auto-response-suppress"}
    (sender,) = message["From"].addresses
    assert isinstance(sender, Address) and sender.addr_spec == "status@status.example"
    assert [address.addr_spec for address in message["To"].addresses] == ["reader@example.com"]
    assert len(str(message["Subject"])) <= 150
    assert str(message["Subject"]).isprintable()
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_instants_are_written_by_the_reader_s_clock(page: Page) -> None:
    make_subscriber(page, "tokyo@example.com")
    make_subscriber(page, "york@example.com", time_zone="America/New_York", language="en")
    next_at = NOON + timedelta(hours=1)
    notice = queue_update(make_update(make_incident(page), next_update_at=next_at))
    mailroom = Mailroom()
    tokyo, york = (
        Received("", "", mailroom.letter(row).data).message
        for row in notice.deliveries.select_related("subscriber__page").order_by("subscriber__email")
    )
    assert "次回更新予定：13:46（日本時間）" in plain_of(tokyo)
    assert "Next update by: 00:46 EDT" in plain_of(york).replace("Fri 4 Sep 2020, ", "")
    assert (
        parsedate_to_datetime(str(york["Date"])).utcoffset()
        != parsedate_to_datetime(str(tokyo["Date"])).utcoffset()
    )


def plain_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_text_pastes_cleanly(page: Page, sink: Sink) -> None:
    """No markup, no line broken by us, each address alone on its line."""
    make_subscriber(page)
    long = "検索結果の表示に時間がかかる場合があります。" * 20
    update = make_update(make_incident(page), body=f"**{long}**\n\n- a\n- b")
    queue_update(update)
    deliver_due()
    text = plain_of(sink.received[0].message)
    assert long in text.splitlines()
    assert not re.search(r"\*\*|&[a-z]+;|<[a-z/]|\n\n\n|[ \t]\n", text)
    for line in text.splitlines():
        assert "http" not in line or re.fullmatch(r"https?://\S+", line), line
