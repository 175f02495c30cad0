"""What came back, as the servers of this world word it."""

import random

import pytest

from incidents.models import MailEventKind
from incidents.notices.returned import Returned, judge_code, read_returned
from tests.make_returned import auto_reply, complaint, dsn, text_bounce

HARD, SOFT, COMPLAINT = MailEventKind.HARD, MailEventKind.SOFT, MailEventKind.COMPLAINT


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *[(code, HARD) for code in ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")],
        *[(code, SOFT) for code in ("5.2.2", "4.2.2", "4.4.7", "5.7.1", "5.7.26", "5.1.8", "5.0.0", "")],
    ],
)
def test_a_code_says_what_becomes_of_the_address(code: str, kind: MailEventKind) -> None:
    assert judge_code(code) is kind


def test_a_failed_recipient_is_told_with_the_servers_words() -> None:
    words = "550 5.1.1 <kato@example.jp>: Recipient address rejected: User unknown"
    assert read_returned(dsn("5.1.1", f"smtp; {words}")).events == (Returned(HARD, "5.1.1", words),)


def test_a_vague_status_gives_way_to_the_diagnostic() -> None:
    found = read_returned(dsn("5.0.0", "smtp; 550 5.1.1 no such user")).events
    assert [(event.kind, event.code) for event in found] == [(HARD, "5.1.1")]


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_what_has_not_failed_is_no_bounce(action: str) -> None:
    assert read_returned(dsn("4.4.1", "smtp; 451 4.4.1 try later", action=action)).events == ()


def test_a_complaint_quotes_the_sender_of_what_is_complained_of() -> None:
    parsed = read_returned(complaint("b+0a.b@bounces.example.com"))
    assert [event.kind for event in parsed.events] == [COMPLAINT]
    assert parsed.sender == "<b+0a.b@bounces.example.com>"


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", ""])
def test_other_feedback_is_no_complaint(kind: str) -> None:
    assert read_returned(complaint("a@b.example", kind=kind)).events == ()


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("<kato@example.jp>: 550 5.1.1 user unknown", HARD, "5.1.1"),
        ("Remote host said: 552 5.2.2 Mailbox full", SOFT, "5.2.2"),
        ("The address does not work.", SOFT, ""),
        ("Connected to 5.1.1.7 but it hung up.", SOFT, ""),
        ("It failed.\n\n--- Below is a copy of the message.\n\nVersion 5.1.1 is installed.", SOFT, ""),
    ],
)
def test_a_bounce_in_plain_words_is_read_by_its_code(text: str, kind: MailEventKind, code: str) -> None:
    assert [(event.kind, event.code) for event in read_returned(text_bounce(text)).events] == [(kind, code)]


def test_replies_and_notes_of_absence_are_ignored() -> None:
    assert read_returned(auto_reply()).events == ()
    assert read_returned(b"From: kato@example.jp\n\nSince 5.1.1 nothing works. Thanks").events == ()


def test_garbage_is_nothing_and_never_an_error() -> None:
    chance = random.Random(7)
    whole = dsn("5.1.1", "smtp; 550 5.1.1 no")
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(chance.randrange(1, 30)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        read_returned(bytes(broken[: chance.randrange(len(broken))]))
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(3000))
    assert read_returned(nested).events == ()
    assert read_returned(b"\x00\xff" * 500).events == ()


def test_words_are_one_short_line() -> None:
    (event,) = read_returned(dsn("5.1.1", "smtp; 550 5.1.1 \x1b[31m" + "x" * 900)).events
    assert len(event.words) <= 300
    assert event.words.isprintable()
