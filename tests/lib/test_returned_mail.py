import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.lib.bounce_codes import Verdict
from incidents.lib.returned_mail import Kind, pick_failure, read_returned
from tests.returned import FOLDER, READER, returned_mail


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("postfix", Verdict.HARD, "5.1.1"),
        ("qmail", Verdict.HARD, "5.1.1"),
        ("exchange", Verdict.HARD, "5.1.10"),
        ("carrier", Verdict.HARD, ""),
        ("carrier_japanese", Verdict.HARD, ""),
        ("full", Verdict.SOFT, "5.2.2"),
        ("policy", Verdict.POLICY, "5.7.26"),
    ],
)
def test_bounces_of_many_servers_are_read(name: str, verdict: Verdict, code: str) -> None:
    returned = read_returned(returned_mail(name))
    failure = pick_failure(returned.failures, READER)
    assert returned.kind is Kind.BOUNCE
    assert failure is not None
    assert (failure.verdict, failure.code) == (verdict, code)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("delayed", Kind.AUTOMATIC),
        ("vacation", Kind.AUTOMATIC),
        ("human", Kind.PERSONAL),
        ("complaint", Kind.COMPLAINT),
    ],
)
def test_what_is_no_bounce_is_told_apart(name: str, kind: Kind) -> None:
    assert read_returned(returned_mail(name)).kind is kind


@pytest.mark.parametrize("feedback", ["not-spam", "auth-failure", "virus"])
def test_feedback_that_is_no_complaint_is_none(feedback: str) -> None:
    assert read_returned(returned_mail("complaint", feedback=feedback)).kind is Kind.AUTOMATIC


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_complaint_that_names_no_sender_is_known_by_its_copy_of_the_mail(kind: str) -> None:
    text = returned_mail("complaint").decode()
    text = text.replace("Original-Mail-From: <b+id@bounces.example>\n", "")
    assert read_returned(text.encode()).about == ()
    quoted = f"Content-Type: {kind}\n\nReturn-Path: <B+id@bounces.example>\n"
    text = text.replace("Content-Type: message/rfc822\n\n", quoted)
    returned = read_returned(text.encode())
    assert (returned.kind, returned.about) == (Kind.COMPLAINT, ("b+id@bounces.example",))


def test_the_servers_words_are_one_printable_line() -> None:
    failure = read_returned(returned_mail("postfix")).failures[0]
    assert failure.words == (
        "550 5.1.1 <reader@example.com>: Recipient address rejected: User unknown in virtual mailbox table"
    )


def test_of_several_recipients_the_own_one_counts() -> None:
    own = pick_failure(read_returned(returned_mail("several")).failures, READER)
    assert own is not None
    assert (own.verdict, own.words) == (Verdict.HARD, "550 5.1.1 no such user")


@pytest.mark.parametrize("gone", [("a@example.com",), ("a@example.com", "b@example.com")])
def test_a_list_of_which_some_members_are_gone_is_no_dead_address(gone: tuple[str, ...]) -> None:
    others = pick_failure(read_returned(report(*gone)).failures, READER)
    assert others is not None
    assert others.verdict is Verdict.SOFT


def report(*recipients: str, kind: str = "message/delivery-status", **fields: str) -> bytes:
    """That each of these failed."""
    said = {"Action": "failed", "Status": "5.1.1", **{name.title(): text for name, text in fields.items()}}
    told = "\n".join(f"{name.replace('_', '-')}: {text}" for name, text in said.items())
    blocks = "\n".join(f"Final-Recipient: rfc822; {recipient}\n{told}\n" for recipient in recipients)
    head = "From: MAILER-DAEMON@mx.example.jp\nTo: b+id@bounces.example\nMIME-Version: 1.0\n"
    parts = f"--x\nContent-Type: {kind}\n\nReporting-MTA: dns; mx.example.jp\n\n{blocks}\n--x--\n"
    return f'{head}Content-Type: multipart/report; boundary="x"\n\n{parts}'.encode()


def judged(raw: bytes) -> list[tuple[Verdict, str]]:
    return [(failure.verdict, failure.code) for failure in read_returned(raw).failures]


@pytest.mark.parametrize("kind", ["message/delivery-status", "message/global-delivery-status"])
def test_reports_of_both_kinds_are_read_recipient_by_recipient(kind: str) -> None:
    assert judged(report("a@example.com", READER, kind=kind)) == [(Verdict.HARD, "5.1.1")] * 2


@pytest.mark.parametrize("status", ["5.0.0", "5.0.0 (failure)", ""])
def test_a_vague_status_gives_way_to_the_diagnostic(status: str) -> None:
    raw = report(READER, status=status, diagnostic_code="smtp; 550 5.1.1 nobody here")
    assert judged(raw) == [(Verdict.HARD, "5.1.1")]


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_what_has_not_failed_is_no_bounce(action: str) -> None:
    assert read_returned(report(READER, action=action)).kind is Kind.AUTOMATIC


def test_a_receipt_is_no_bounce() -> None:
    raw = report(READER, kind="message/disposition-notification")
    assert read_returned(raw).kind is Kind.AUTOMATIC


def test_it_knows_where_it_was_delivered_to() -> None:
    assert "b+id@bounces.example" in read_returned(returned_mail("postfix")).delivered_to
    assert read_returned(returned_mail("complaint")).about == ("b+id@bounces.example",)


@given(st.binary(max_size=2000))
def test_garbage_is_never_a_fault(raw: bytes) -> None:
    assert read_returned(raw).kind in Kind


NAMES = sorted(path.stem for path in FOLDER.glob("*.eml"))
CUTS = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 40), st.binary(max_size=20)), max_size=6)


@given(st.sampled_from(NAMES), CUTS)
def test_mangled_bounces_are_never_a_fault(name: str, cuts: list[tuple[int, int, bytes]]) -> None:
    raw = returned_mail(name)
    for at, length, put in cuts:
        raw = raw[:at] + put + raw[at + length :]
    returned = read_returned(raw)
    for failure in returned.failures:
        assert failure.words.isprintable()
        assert len(failure.words) <= 300


@pytest.mark.parametrize(
    "raw",
    [
        b"From: =?utf-8?b?a?=\n\nx",
        b"To: =?\xff?q?a?=\n\nx",
        b"From: mailer-daemon@x.example\nContent-Type: text/plain; charset=punycode\n\n550 5.1.1 \xff\\x",
        b"From: mailer-daemon@x.example\nContent-Type: text/plain; charset=undefined\n\n550 5.1.1 \xff",
        b"From: mailer-daemon@x.example\nContent-Type: text/plain; charset*=x''%ff\n\n550 5.1.1 \xff",
        b'From: mailer-daemon@x.example\nContent-Type: text/plain; charset="u\0"\n\n550 5.1.1 \xff',
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(3000)),
    ],
    ids=["base64", "name", "punycode", "undefined", "language", "nul", "depth"],
)
def test_what_makes_the_mail_library_raise_is_read_all_the_same(raw: bytes) -> None:
    assert read_returned(raw).kind in Kind


def test_a_report_in_an_odd_charset_still_tells_its_code() -> None:
    head = b"From: mailer-daemon@x.example\nContent-Type: text/plain; charset=undefined\n\n"
    assert judged(head + b"550 5.1.1 nobody here \xff") == [(Verdict.HARD, "5.1.1")]


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=x\n\n"
        + b"--x\nContent-Type: multipart/mixed; boundary=x\n\n" * 3000,
        b"From: mailer-daemon@x.example\n\n" + b"a@" * 500_000,
        b"From: mailer-daemon@x.example\n\n" + b"user " + b"x" * 1_000_000,
        b"From: mailer-daemon@x.example\n\n" + b"5.1." * 250_000,
        b"To: " + b"b+" * 500_000 + b"\n\nx",
    ],
    ids=["nested", "ats", "user", "codes", "recipient"],
)
def test_a_large_message_made_to_cost_time_is_read_at_once(raw: bytes) -> None:
    began_at = time.perf_counter()
    read_returned(raw)
    assert time.perf_counter() - began_at < 5
