"""The connection: kept, renewed, cut off when a server drips."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest

from incidents.notices.channel import Letter, Outcome
from incidents.notices.channels.email import Limits, SmtpSender
from tests.smtp import Sink


def letter(recipient: str = "reader@example.com", data: bytes = b"Subject: x\r\n\r\nhello\r\n") -> Letter:
    return Letter(name="n", sender="status@status.example", recipient=recipient, data=data)


@pytest.fixture
def dripping_server(settings: Any) -> Iterator[None]:
    """Greets one character at a time for ever: never silent long enough for a socket's own timeout."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()
        settings.EMAIL_HOST_USER = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        ended = threading.Event()

        def drip() -> None:
            with suppress(OSError):
                client, _ = server.accept()
                with client:
                    while not ended.wait(0.05):
                        client.sendall(b"2")

        thread = threading.Thread(target=drip)
        thread.start()
        yield
        ended.set()
        thread.join()


@pytest.mark.usefixtures("dripping_server")
def test_a_dripping_server_is_cut_off_at_the_total() -> None:
    began = time.monotonic()
    with closing(SmtpSender(Limits(total=0.6))) as sender:
        answer = sender.send(letter())
    assert answer.outcome is Outcome.UNREACHABLE
    assert time.monotonic() - began < 10


def test_a_server_that_ends_an_idle_connection_costs_no_attempt(sink: Sink) -> None:
    with closing(SmtpSender()) as sender:
        assert sender.send(letter()).outcome is Outcome.SENT
        sink.cut_all()
        assert sender.send(letter()).outcome is Outcome.SENT
    assert (len(sink.received), sink.connections) == (2, 2)


def test_a_connection_is_renewed_after_its_share_of_mails(sink: Sink) -> None:
    with closing(SmtpSender(Limits(connection_mails=2))) as sender:
        assert [sender.send(letter()).outcome for _ in range(5)] == [Outcome.SENT] * 5
    assert sink.connections == 3


def test_a_connection_is_renewed_after_its_time(sink: Sink) -> None:
    with closing(SmtpSender(Limits(connection_age=0))) as sender:
        for _ in range(2):
            sender.send(letter())
    assert sink.connections == 2


def test_a_line_that_begins_with_a_dot_arrives_whole(sink: Sink) -> None:
    with closing(SmtpSender()) as sender:
        sender.send(letter(data=b"Subject: x\r\n\r\n.\r\n.hidden\r\n..\r\nend\r\n"))
    assert sink.received[0].raw.endswith(b"\r\n\r\n.\r\n.hidden\r\n..\r\nend\r\n")


def test_a_refused_sender_is_our_fault(sink: Sink) -> None:
    sink.at_mail_from = ["550 sender not allowed"]
    with closing(SmtpSender()) as sender:
        answer = sender.send(letter())
        assert (answer.outcome, answer.code) == (Outcome.OUR_FAULT, "550")
        assert sender.send(letter()).outcome is Outcome.SENT


def test_a_server_without_starttls_gets_nothing_in_the_clear(sink: Sink, settings: Any) -> None:
    settings.EMAIL_USE_TLS = True
    with closing(SmtpSender()) as sender:
        answer = sender.send(letter())
    assert answer.outcome is Outcome.UNREACHABLE
    assert "STARTTLS" in answer.text
    assert not sink.received


@contextmanager
def scripted_server(settings: Any, *replies: bytes) -> Iterator[list[bytes]]:
    """Answers each line, and each text, with the next of `replies`; yields the lines it read."""
    lines: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()
        settings.EMAIL_HOST_USER = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False

        def serve() -> None:
            client, _ = server.accept()
            with client, client.makefile("rb") as reader, suppress(OSError):
                client.sendall(b"220 hello\r\n")
                is_text = False
                for reply in replies:
                    line = reader.readline()
                    while is_text and line.strip() != b".":
                        line = reader.readline()
                    lines.append(line.strip())
                    client.sendall(reply)
                    is_text = b"354" in reply

        thread = threading.Thread(target=serve)
        thread.start()
        yield lines
        thread.join()


PIPELINING = b"250-hello\r\n250 PIPELINING\r\n"
OK = b"250 ok\r\n"
GO_ON = b"354 go on\r\n"
BYE = b"221 bye\r\n"


def test_the_envelope_is_written_at_once_where_the_server_allows_it(settings: Any) -> None:
    server = scripted_server(settings, PIPELINING, b"", b"", OK + OK + GO_ON, OK, BYE)
    with server, closing(SmtpSender()) as sender:
        assert sender.send(letter()).outcome is Outcome.SENT
        sender.close()


def test_a_server_that_allows_no_more_gets_one_command_at_a_time(sink: Sink) -> None:
    sink.offers_pipelining = False
    sink.at_rcpt["gone@example.com"] = ["550 5.1.1 no such user"]
    with closing(SmtpSender()) as sender:
        assert sender.send(letter("gone@example.com")).outcome is Outcome.FAILED
        assert sender.send(letter()).outcome is Outcome.SENT
    assert sink.connections == 1


def test_a_server_that_wants_the_text_of_a_refused_mail_gets_it_empty(settings: Any) -> None:
    refused = [OK, b"550 5.1.1 no such user\r\n", GO_ON, b"554 nobody to send it to\r\n", OK]
    taken = [OK, OK, GO_ON, OK, BYE]
    with scripted_server(settings, PIPELINING, *refused, *taken) as lines, closing(SmtpSender()) as sender:
        assert sender.send(letter("gone@example.com")).outcome is Outcome.FAILED
        assert sender.send(letter()).outcome is Outcome.SENT
        sender.close()
    commands = [line.partition(b" ")[0] for line in lines]
    assert commands[1:] == [
        b"MAIL",
        b"RCPT",
        b"DATA",
        b".",
        b"rset",
        b"MAIL",
        b"RCPT",
        b"DATA",
        b".",
        b"quit",
    ]


def test_a_server_that_says_421_in_the_middle_is_left(settings: Any) -> None:
    server = scripted_server(settings, PIPELINING, OK, b"421 4.3.2 closing\r\n")
    with server, closing(SmtpSender()) as sender:
        answer = sender.send(letter())
    assert (answer.outcome, answer.code, answer.is_about_recipient) == (Outcome.RETRY, "421", False)


@pytest.mark.parametrize(
    "address", ["a@example.com>\r\nRCPT TO:<b@example.com", "a<b@example.com", "ü@example.com"]
)
def test_no_address_can_end_its_command(sink: Sink, address: str) -> None:
    with closing(SmtpSender()) as sender:
        assert sender.send(letter(address)).outcome is Outcome.RETRY
    assert not sink.received
