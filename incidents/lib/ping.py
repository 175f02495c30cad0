"""Echo requests of ICMP: by datagrams, which need no privilege where the system allows them, else by raw sockets."""

import socket
from dataclasses import dataclass

import icmplib

UNPRIVILEGED_RANGE = "net.ipv4.ping_group_range"


@dataclass(frozen=True)
class Echoes:
    sent: int
    answered: int
    average_ms: float


def can_ping() -> bool:
    """Whether this process may send pings at all."""
    return _may_open(socket.SOCK_DGRAM) or _may_open(socket.SOCK_RAW)


async def ping(address: str, *, packets: int, timeout_seconds: float) -> Echoes:
    """One after the other, each waited for as long. Raises OSError where this process may not."""
    is_raw = not _may_open(socket.SOCK_DGRAM)
    try:
        host = await icmplib.async_ping(
            address, count=packets, interval=0.1, timeout=timeout_seconds, privileged=is_raw
        )
    except icmplib.ICMPLibError as error:
        raise OSError(str(error)) from error
    return Echoes(host.packets_sent, host.packets_received, host.avg_rtt)


def _may_open(kind: socket.SocketKind) -> bool:
    try:
        with socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP):
            return True
    except OSError:
        return False
