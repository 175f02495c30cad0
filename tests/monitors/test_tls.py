import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard
from incidents.monitors.checkers import tls
from incidents.monitors.checking import check_all
from incidents.monitors.results import Probe, Result
from tests.certificates import Authority, make_authority
from tests.streams import Talk, drip, hang, reset, serving_streams

LOOPBACK = Guard(["127.0.0.0/8"])


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    yield make_authority()


def check(port: int, *, guard: Guard = LOOPBACK, **settings: Any) -> Result:
    return check_all([Probe("tls", f"127.0.0.1:{port}", tls.read_settings(settings))], guard=guard)[0]


@pytest.mark.parametrize(
    ("served", "settings", "ok", "detail"),
    [
        ({}, {}, True, "TLSv1.3, certificate until "),
        ({}, {"minimum_version": "1.3"}, True, "TLSv1.3, "),
        (
            {},
            {"authorities": ""},
            False,
            "the certificate is refused: unable to get local issuer certificate",
        ),
        ({}, {"authorities": "", "verify_certificate": False}, True, "TLSv1.3, "),
        ({"host": "192.0.2.1"}, {}, False, "the certificate is refused: IP address mismatch"),
        ({"host": "mail.example.com"}, {"host_name": "mail.example.com"}, True, "TLSv1.3, "),
        ({"host": "mail.example.com"}, {"host_name": "www.example.com"}, False, "Hostname mismatch"),
        ({"days_left": -1}, {}, False, "the certificate is refused: certificate has expired"),
        ({"days_left": -1}, {"verify_certificate": False}, True, "TLSv1.3, "),
        ({"days_left": 9}, {"certificate_days": 10}, False, "the certificate ends in 9 days, on "),
        ({"days_left": 9}, {"certificate_days": 9}, True, "TLSv1.3, "),
        ({"days_left": -3}, {"certificate_days": 9, "verify_certificate": False}, False, "ends in -3 days"),
        ({"maximum": ssl.TLSVersion.TLSv1_2}, {}, True, "TLSv1.2, "),
    ],
)
def test_a_handshake_and_its_certificate(
    authority: Authority, served: dict[str, Any], settings: dict[str, Any], ok: bool, detail: str
) -> None:
    with serving_streams(hang, tls=authority.server_tls(**served)) as secure:
        result = check(secure.port, **({"authorities": authority.pem} | settings))
    assert result.ok == ok
    assert detail in result.detail


def test_a_server_that_speaks_only_what_is_too_old_fails(authority: Authority) -> None:
    tls12 = authority.server_tls(maximum=ssl.TLSVersion.TLSv1_2)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def shake_hands() -> None:
            taken, _ = listening.accept()
            with taken, suppress(ssl.SSLError):
                tls12.wrap_socket(taken, server_side=True)

        serving = threading.Thread(target=shake_hands)
        serving.start()
        result = check(port, minimum_version="1.3", authorities=authority.pem)
        serving.join()
    assert (result.ok, result.detail) == (False, "TLS failed: tlsv1 alert protocol version")


def starttls(*talk: tuple[bytes, bytes], tls: ssl.SSLContext) -> Talk:
    """Says each second word once it has heard the first, and then goes on in TLS."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for heard, said in talk:
            assert (await reader.readline() if heard else b"") == heard
            writer.write(said)
            await writer.drain()
        await writer.start_tls(tls)
        await asyncio.sleep(60)

    return converse


TALKS = {
    "smtp": (
        (b"", b"220-mail.example.com\r\n220 ready\r\n"),
        (b"EHLO localhost\r\n", b"250-mail.example.com\r\n250 STARTTLS\r\n"),
        (b"STARTTLS\r\n", b"220 go on\r\n"),
    ),
    "imap": ((b"", b"* OK [CAPABILITY IMAP4rev1] ready\r\n"), (b"a STARTTLS\r\n", b"a OK begin\r\n")),
    "pop3": ((b"", b"+OK ready\r\n"), (b"STLS\r\n", b"+OK begin\r\n")),
}


@pytest.mark.parametrize("protocol", TALKS)
def test_a_mail_server_is_asked_for_tls_first(authority: Authority, protocol: str) -> None:
    talk = starttls(*TALKS[protocol], tls=authority.server_tls())
    with serving_streams(talk) as served:
        assert check(served.port, starttls=protocol, authorities=authority.pem).detail.startswith("TLSv1.3, ")
        assert "the certificate is refused" in check(served.port, starttls=protocol).detail


async def refuse_starttls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.com\r\n")
    while await reader.readline():
        writer.write(b"250 no more than this\r\n")


async def greet_forever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"220-more\r\n")
        await writer.drain()


@pytest.mark.parametrize(
    ("talk", "settings", "detail"),
    [
        (hang, {}, "no complete answer within 400 ms"),
        (hang, {"starttls": "smtp"}, "no complete answer within 400 ms"),
        (drip, {"starttls": "imap"}, "no complete answer within 400 ms"),
        (reset, {}, "connection reset by peer"),
        (refuse_starttls, {}, "TLS failed: wrong version number"),
        (refuse_starttls, {"starttls": "smtp"}, "STARTTLS of smtp is not offered"),
        (refuse_starttls, {"starttls": "pop3"}, "STARTTLS of pop3 is not offered"),
    ],
)
def test_a_server_without_tls_fails_in_time_with_a_reason(
    talk: Talk, settings: dict[str, Any], detail: str
) -> None:
    began = time.monotonic()
    with serving_streams(talk) as served:
        result = check(served.port, total_ms=400, **settings)
    assert not result.ok
    assert detail in result.detail
    assert time.monotonic() - began < 2


def test_a_greeting_without_end_is_left() -> None:
    with serving_streams(greet_forever) as served:
        assert not check(served.port, starttls="smtp", total_ms=1000).ok


def test_an_address_inside_is_refused_without_a_connection(authority: Authority) -> None:
    with serving_streams(hang, tls=authority.server_tls()) as secure:
        result = check(secure.port, guard=Guard())
        assert secure.accepted == 0
    assert "is not one that may be reached" in result.detail


@pytest.mark.parametrize(
    ("target", "settings", "field"),
    [
        ("https://example.com", {}, "target"),
        ("example.com:7", {}, "target"),
        ("example.com", {"starttls": "ftp"}, "starttls"),
        ("example.com", {"host_name": "two words"}, "host_name"),
        ("example.com", {"minimum_version": "1.1"}, "minimum_version"),
        ("example.com", {"certificate_days": 400}, "certificate_days"),
        ("example.com", {"authorities": "-----BEGIN CERTIFICATE-----"}, "authorities"),
    ],
)
def test_what_cannot_work_names_its_field(target: str, settings: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        tls.find_hosts(target, tls.read_settings(settings))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("starttls", "place"), [("", "example.com"), ("smtp", "example.com"), ("imap", "example.com")]
)
def test_a_host_alone_has_the_usual_port(starttls: str, place: str) -> None:
    assert tls.find_hosts(place, tls.read_settings({"starttls": starttls})) == {"target": place}
