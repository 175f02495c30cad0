"""A DNS server on loopback, over UDP and TCP at one port, that answers from a zone or as it is told."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Zone = dict[tuple[str, str], list[str]]
Twist = Callable[[dns.message.Message, bool], bytes | None]


@dataclass
class Nameserver:
    """`zone` holds the records by name and type; a name without any does not exist.

    `twist` may make another answer of the right one, told whether TCP is spoken: bytes, or None for silence.
    """

    zone: Zone
    twist: Twist = lambda answer, _is_tcp: answer.to_wire()
    port: int = 0
    asked: list[str] = field(default_factory=list)

    def answer(self, raw: bytes, *, is_tcp: bool) -> bytes | None:
        question = dns.message.from_wire(raw)
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append(f"{'tcp' if is_tcp else 'udp'} {name} {kind}")
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        self._fill(answer, name, kind)
        return self.twist(answer, is_tcp)

    def _fill(self, answer: dns.message.Message, name: str, kind: str) -> None:
        if not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        while alias := self.zone.get((name, "CNAME")) if kind != "CNAME" else None:
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", alias[0]))
            name = alias[0].rstrip(".")
        if records := self.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", kind, records))


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: Nameserver) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data, is_tcp=False)
        if answer is not None:
            self._transport.sendto(answer, addr)  # type: ignore[attr-defined]


@contextmanager
def serving_dns(zone: Zone, twist: Twist | None = None) -> Iterator[Nameserver]:
    server = Nameserver(zone, twist) if twist else Nameserver(zone)
    loop = asyncio.new_event_loop()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        answer = server.answer(await reader.readexactly(length), is_tcp=True)
        if answer is not None:
            writer.write(struct.pack("!H", len(answer)) + answer)
            await writer.drain()
        writer.close()

    streams, datagrams = _same_port()
    server.port = streams.getsockname()[1]
    listener = loop.run_until_complete(asyncio.start_server(talk, sock=streams))
    transport, _ = loop.run_until_complete(
        loop.create_datagram_endpoint(lambda: _Datagrams(server), sock=datagrams)
    )
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(transport.close)
        loop.call_soon_threadsafe(listener.close)
        loop.call_soon_threadsafe(loop.call_soon, loop.stop)
        thread.join()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def _same_port() -> tuple[socket.socket, socket.socket]:
    """A port that is free for both."""
    while True:
        streams = socket.create_server(("127.0.0.1", 0))
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            datagrams.bind(streams.getsockname())
        except OSError:
            streams.close()
            datagrams.close()
            continue
        return streams, datagrams
