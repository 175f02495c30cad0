import asyncio
import socket
import time
from typing import Any

import pytest

from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard
from incidents.monitors.checkers import tcp
from incidents.monitors.checking import check_all
from incidents.monitors.results import Probe, Result
from tests.streams import Talk, drip, flood, hang, reset, serving_streams

LOOPBACK = Guard(["127.0.0.0/8", "::1/128"])


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"+HELLO\r\n")
    line = await reader.readline()
    writer.write(b"+PO" if line == b"PING\r\n" else b"-ERR")
    await asyncio.sleep(0.05)
    writer.write(b"NG\r\n")
    await writer.drain()


def check(target: str, *, guard: Guard = LOOPBACK, **settings: Any) -> Result:
    return check_all([Probe("tcp", target, tcp.read_settings(settings))], guard=guard)[0]


@pytest.mark.parametrize(
    ("settings", "ok", "detail"),
    [
        ({}, True, "connected"),
        ({"expect": "+HELLO"}, True, "connected"),
        ({"send": "PING", "expect": "+PONG"}, True, "connected"),
        ({"send": "QUIT", "expect": "+PONG"}, False, "the expected answer did not come"),
    ],
)
def test_a_port_connects_and_says_what_is_expected(settings: dict[str, Any], ok: bool, detail: str) -> None:
    with serving_streams(greet) as served:
        result = check(f"127.0.0.1:{served.port}", **settings)
    assert (result.ok, result.detail) == (ok, detail)
    assert result.latency_ms is not None and 0 < result.latency_ms < 5_000


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (hang, "no complete answer within 300 ms"),
        (drip, "no complete answer within 300 ms"),
        (reset, "the connection broke: "),
        (flood, "the expected answer did not come"),
    ],
)
def test_a_server_that_misbehaves_is_left_at_the_total_deadline(talk: Talk, why: str) -> None:
    began = time.monotonic()
    with serving_streams(talk) as served:
        result = check(f"127.0.0.1:{served.port}", send="x", expect="never", total_ms=300)
    assert not result.ok
    assert result.detail.startswith(why)
    assert time.monotonic() - began < 2


def test_a_closed_port_fails_with_a_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert check(f"127.0.0.1:{port}").detail == f"127.0.0.1 port {port}: connection refused"


def test_a_name_that_does_not_exist_fails_with_a_reason() -> None:
    assert check("nothing.invalid:25").detail.startswith("the name nothing.invalid was not resolved: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]"])
def test_an_address_inside_is_refused_without_a_connection(host: str) -> None:
    with serving_streams(hang) as served:
        result = check(f"{host}:{served.port}", guard=Guard())
        assert served.accepted == 0
    assert "is not one that may be reached" in result.detail


def test_a_metadata_address_is_refused_even_where_its_network_is_allowed() -> None:
    result = check("169.254.169.254:80", guard=Guard(["169.254.0.0/16"]))
    assert result.detail == "the address 169.254.169.254 is not one that may be reached"


@pytest.mark.parametrize(
    ("target", "settings", "field"),
    [
        ("", {}, "target"),
        ("mail.example.com", {}, "target"),
        ("mail.example.com:0", {}, "target"),
        ("mail.example.com:65536", {}, "target"),
        ("mail.example.com:7", {}, "target"),
        ("http://mail.example.com:80", {}, "target"),
        ("user@mail.example.com:25", {}, "target"),
        ("2001:db8::1", {}, "target"),
        ("a b:25", {}, "target"),
        ("cache.example.com:6379", {"send": "FLUSHALL"}, "send"),
        ("cache.example.com:25", {"send": "a\r\nb"}, "send"),
        ("cache.example.com:25", {"expect": "x" * 201}, "expect"),
        ("cache.example.com:25", {"total_ms": 60_000}, "total_ms"),
    ],
)
def test_what_cannot_work_names_its_field(target: str, settings: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        tcp.find_hosts(target, tcp.read_settings(settings))
    assert refused.value.field == field
