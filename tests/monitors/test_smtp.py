import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard
from incidents.monitors.checkers import smtp
from incidents.monitors.checking import check_all
from incidents.monitors.results import Probe, Result
from tests.certificates import Authority, make_authority
from tests.mail_servers import Post, serving_smtp
from tests.streams import Talk, drip, flood, hang, reset, serving_streams

LOOPBACK = Guard(["127.0.0.0/8"])
ASKING: dict[str, Any] = {"sender": "monitor@example.com", "recipient": "abuse@example.com"}


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    yield make_authority()


def check(port: int, *, guard: Guard = LOOPBACK, **settings: Any) -> Result:
    return check_all([Probe("smtp", f"127.0.0.1:{port}", smtp.read_settings(settings))], guard=guard)[0]


def test_a_server_that_greets_passes_and_is_left_politely() -> None:
    with serving_smtp(Post()) as post:
        result = check(post.port)
        assert (result.ok, result.detail, post.left) == (True, "greets", 1)
    assert result.latency_ms is not None and 0 < result.latency_ms < 5_000


def test_a_recipient_is_accepted_and_no_message_is_sent() -> None:
    with serving_smtp(Post()) as post:
        assert check(post.port, **ASKING).detail == "accepts abuse@example.com"
        assert (post.rcpts, post.left, post.mailbox.mails) == (["abuse@example.com"], 1, [])


def test_a_refused_recipient_fails_with_the_server_s_words_and_is_left_politely() -> None:
    with serving_smtp(Post(at_rcpt=["550 5.1.1 no such user"])) as post:
        result = check(post.port, **ASKING)
        assert (result.ok, result.detail, post.left) == (False, "RCPT: 550 5.1.1 no such user", 1)


def test_tls_is_spoken_from_the_first_byte(authority: Authority) -> None:
    with serving_smtp(Post(), tls=authority.server_tls()) as post:
        assert check(post.port, tls="ssl", authorities=authority.pem).ok
        assert "the certificate is refused" in check(post.port, tls="ssl").detail
        assert check(post.port, tls="ssl", verify_certificate=False).ok


def test_starttls_is_asked_for_and_its_certificate_verified(authority: Authority) -> None:
    with serving_smtp(Post(), starttls=authority.server_tls()) as post:
        assert check(post.port, tls="starttls", authorities=authority.pem).ok
        assert "the certificate is refused" in check(post.port, tls="starttls").detail


def test_a_server_without_starttls_fails() -> None:
    with serving_smtp(Post()) as post:
        assert check(post.port, tls="starttls").detail == "STARTTLS is not offered"
        assert post.left == 1


def says(*words: bytes) -> Talk:
    """Says a word, waits for a line before each next one, and ends the connection."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, word in enumerate(words):
            if number:
                await reader.readline()
            writer.write(word)
            await writer.drain()

    return talk


@pytest.mark.parametrize(
    ("talk", "detail"),
    [
        (hang, "no complete answer within 400 ms"),
        (drip, "no complete answer within 400 ms"),
        (reset, "connection reset by peer"),
        (flood, "a line without end"),
        (says(b"554 5.7.1 go away\r\n"), "after the connection: 554 5.7.1 go away"),
        (says(b"* OK IMAP\r\n"), "what the server says is not SMTP"),
        (says(b"220-a\r\n" * 200), "what the server says is not SMTP"),
        (says(b"220 a\r\n", b"502 \xff\r\n"), "EHLO: 502 \ufffd"),
        (says(b"220 a\r\n", b"250-half"), "the other side left in the middle"),
    ],
)
def test_a_server_that_misbehaves_fails_in_time_with_a_reason(talk: Talk, detail: str) -> None:
    began = time.monotonic()
    with serving_streams(talk) as served:
        result = check(served.port, total_ms=400)
    assert (result.ok, result.detail) == (False, detail)
    assert time.monotonic() - began < 2


def test_an_address_inside_is_refused_without_a_connection() -> None:
    with serving_streams(hang) as served:
        result = check(served.port, guard=Guard())
        assert served.accepted == 0
    assert "is not one that may be reached" in result.detail


@pytest.mark.parametrize(
    ("target", "settings", "field"),
    [
        ("smtp://mail.example.com", {}, "target"),
        ("mail.example.com", {"tls": "maybe"}, "tls"),
        ("mail.example.com", {"sender": "a@b>\r\nDATA"}, "sender"),
        ("mail.example.com", {"recipient": "a@b> NOTIFY=NEVER"}, "recipient"),
        ("mail.example.com", {"recipient": "<a@b.example>"}, "recipient"),
        ("mail.example.com", {"authorities": "x"}, "authorities"),
    ],
)
def test_what_cannot_work_names_its_field(target: str, settings: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        smtp.find_hosts(target, smtp.read_settings(settings))
    assert refused.value.field == field
