"""A DNS server on loopback, over UDP and TCP, that misbehaves where it is told to."""

import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]


@dataclass
class NameServer:
    """`zone`: records by name and type. `faults`: what happens to questions for a name instead of an answer:
    servfail, refused, silence, truncated (an answer by TCP alone) or garbage."""

    port: int
    zone: dict[tuple[str, str], Sequence[str]]
    faults: dict[str, str]
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def answer(self, wire: bytes, over: str) -> bytes | None:
        question = dns.message.from_wire(wire)
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind, over))
        fault = self.faults.get(name, "")
        reply = dns.message.make_response(question)
        if fault == "silence":
            return None
        if fault == "garbage":
            return wire[:2] + b"\xff\x00\x07"
        if fault in ("servfail", "refused"):
            reply.set_rcode(dns.rcode.from_text(fault.upper()))
        elif fault == "truncated" and over == "udp":
            reply.flags |= dns.flags.TC
        elif not any(known == name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        else:
            reply.answer += self._records(name, kind)
        return reply.to_wire(max_size=65_535)

    def _records(self, name: str, kind: str) -> list[dns.rrset.RRset]:
        """Of the name, or of the one that it is another name of."""
        records = self.zone.get((name, kind), ())
        found = [dns.rrset.from_text(f"{name}.", 300, "IN", kind, *records)] if records else []
        if (alias := self.zone.get((name, "CNAME"))) and not records:
            found = [dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *alias)]
            found += self._records(alias[0].removesuffix("."), kind)
        return found


@contextmanager
def name_server(zone: Zone, faults: Mapping[str, str] | None = None) -> Iterator[NameServer]:
    """Serves on 127.0.0.1, the same port for UDP and TCP."""
    udp, tcp = _sockets()
    server = NameServer(udp.getsockname()[1], dict(zone), dict(faults or {}))
    threads = [
        threading.Thread(target=serve, args=(server, listening), daemon=True)
        for serve, listening in ((_serve_udp, udp), (_serve_tcp, tcp))
    ]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        udp.sendto(b"", udp.getsockname())
        with suppress(OSError):
            tcp.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        udp.close()
        tcp.close()


def _sockets() -> tuple[socket.socket, socket.socket]:
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            tcp.bind(udp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
            continue
        tcp.listen()
        return udp, tcp


def _serve_udp(server: NameServer, listening: socket.socket) -> None:
    while True:
        wire, asker = listening.recvfrom(4096)
        if not wire:
            return
        if reply := server.answer(wire, "udp"):
            listening.sendto(reply, asker)


def _serve_tcp(server: NameServer, listening: socket.socket) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, suppress(OSError, struct.error):
            (length,) = struct.unpack("!H", connection.recv(2))
            if reply := server.answer(connection.recv(length), "tcp"):
                connection.sendall(struct.pack("!H", len(reply)) + reply)


def txt(record: str) -> str:
    """A TXT record as zone files write it, cut into strings of 255 characters."""
    return " ".join(f'"{record[start : start + 255]}"' for start in range(0, len(record), 255) or [0])


def spf_zone(records: Mapping[str, str]) -> dict[tuple[str, str], Sequence[str]]:
    return {(name, "TXT"): [txt(record)] for name, record in records.items()}
