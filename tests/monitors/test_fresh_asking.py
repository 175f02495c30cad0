"""Each check makes a connection and a look-up of its own, so that a look before judging is no echo of the last one."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from incidents.lib.outbound import Guard
from incidents.monitors.checkers import http, smtp, tcp
from incidents.monitors.prober import Prober
from incidents.monitors.results import Probe, Result
from tests.servers import serving
from tests.streams import serving_streams
from tests.waiting import free_port, wait_until

LOOPBACK = Guard(["127.0.0.0/8", "::1/128"])


@pytest.fixture
def prober() -> Iterator[Prober]:
    """One for all checks of a test, as a worker has one for all of its own."""
    made = Prober(guard=LOOPBACK)
    yield made
    made.close()


def check(prober: Prober, probe: Probe) -> Result:
    prober.start("one", probe)
    while not (ended := prober.turn(0.1)):
        pass
    [(_, result)] = ended
    assert isinstance(result, Result)
    return result


async def take_mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")
    while line := await reader.readline():
        writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 mail.example\r\n")


def test_a_server_that_would_keep_the_connection_gets_a_new_one_each_time(prober: Prober) -> None:
    with serving() as site:
        probe = Probe("http", f"http://127.0.0.1:{site.port}/text/x", http.read_settings({}))
        assert all(check(prober, probe).ok for _ in range(3))
        assert site.accepted == 3


def test_a_mail_server_gets_a_new_one_too(prober: Prober) -> None:
    with serving_streams(take_mail) as served:
        probe = Probe("smtp", f"127.0.0.1:{served.port}", smtp.read_settings({}))
        assert all(check(prober, probe).ok for _ in range(3))
        assert served.accepted == 3


def test_a_port_gets_a_new_one_too(prober: Prober) -> None:
    with serving() as site:
        probe = Probe("tcp", f"127.0.0.1:{site.port}", tcp.read_settings({}))
        assert all(check(prober, probe).ok for _ in range(3))
        wait_until(lambda: site.accepted == 3, seconds=5, waiting_for="third connection")


def test_a_name_is_looked_up_each_time(prober: Prober, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second answer of DNS leads to where somebody listens."""
    asked = []

    def answer(host: str, port: object, **_: object) -> list[Any]:
        asked.append(host)
        address = "127.0.0.2" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with serving() as site:
        probe = Probe("tcp", f"moved.example:{site.port}", tcp.read_settings({}))
        first, second = check(prober, probe), check(prober, probe)
    assert (first.ok, first.is_reached, second.ok) == (False, False, True)
    assert asked == ["moved.example"] * 2


def test_who_stops_listening_is_not_reached_by_an_old_connection(prober: Prober) -> None:
    with serving() as site:
        probe = Probe("http", f"http://127.0.0.1:{site.port}/text/x", http.read_settings({}))
        assert check(prober, probe).ok
    closed = Probe("http", f"http://127.0.0.1:{free_port()}/", http.read_settings({}))
    for asked in (probe, closed):
        result = check(prober, asked)
        assert (result.ok, result.is_reached) == (False, False)
