"""Connects to a port, and where it is told to, sends a line and looks for an answer."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from incidents.lib.connect import Connection, Unreachable, connected, explain
from incidents.lib.errors import Refused
from incidents.lib.hosts import read_place
from incidents.lib.outbound import FOREIGN_PORTS, Guard
from incidents.lib.times import now
from incidents.monitors.reading import Given, read_line, read_total_ms
from incidents.monitors.results import Result

MOST_ANSWER_BYTES = 16 * 1024


@dataclass(frozen=True)
class Settings:
    """`send` is one line, sent with its end; `expect` must stand in what is answered. Empty: not done."""

    send: str = ""
    expect: str = ""
    total_ms: int = 10_000


def read_settings(given: Given) -> Settings:
    return Settings(
        send=read_line(given, "send", most=200),
        expect=read_line(given, "expect", most=200),
        total_ms=read_total_ms(given),
    )


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    host, port = read_place(target)
    if settings.send and port in FOREIGN_PORTS:
        raise Refused(f"expected nothing to be sent to port {port}, where a line is a command", field="send")
    return {"target": host}


async def check(target: str, settings: Settings, *, guard: Guard) -> Result:
    at, began = now(), time.monotonic()
    find_hosts(target, settings)
    host, port = read_place(target)
    try:
        async with connected(host, port, guard=guard) as connection:
            why = await _converse(connection, settings)
    except Unreachable as unreachable:
        why = str(unreachable)
    except OSError as error:
        why = f"the connection broke: {explain(error)}"
    return Result(at, ok=not why, latency_ms=(time.monotonic() - began) * 1000, detail=why or "connected")


async def _converse(connection: Connection, settings: Settings) -> str:
    reader, writer = connection
    if settings.send:
        writer.write(settings.send.encode() + b"\r\n")
        await writer.drain()
    if not settings.expect:
        return ""
    return "" if await _hears(reader, settings.expect.encode()) else "the expected answer did not come"


async def _hears(reader: asyncio.StreamReader, expected: bytes) -> bool:
    """Whether it comes before the other side ends, or has said 16 kB."""
    heard = b""
    while expected not in heard and len(heard) < MOST_ANSWER_BYTES:
        chunk = await reader.read(4096)
        if not chunk:
            return False
        heard += chunk
    return expected in heard
