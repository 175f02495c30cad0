"""Connections for asyncio through the guard of the one door out. Deadlines are the caller's."""

import asyncio
import os
import re
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from ipaddress import ip_address

from incidents.lib.errors import Refused
from incidents.lib.hosts import clean_host
from incidents.lib.outbound import Guard

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

CONNECT_SECONDS = 5.0
MOST_LINE_BYTES = 64 * 1024
# Below 1024 each port belongs to one service; these are the ones that are offered to others and so are watched.
WATCHED_PORTS = frozenset(
    {21, 22, 25, 53, 80, 88, 110, 111, 119, 123, 143, 161, 179, 389, 443, 445, 465, 514, 515, 543, 548, 554}
    | {563, 587, 631, 636, 853, 873, 990, 989, 992, 993, 994, 995}
)


class Unreachable(Exception):
    """No connection came about; `str()` says why, for staff."""


def read_place(text: str, *, field: str = "target", port: int | None = None) -> tuple[str, int]:
    """`host:port`, or the host alone where a `port` is usual; an IPv6 address in brackets. Raises Refused."""
    host, given = _split(text.strip(), field=field)
    if not given and port is None:
        raise Refused("expected a host and a port, such as mail.example.com:25", field=field)
    number = int(given) if given else port or 0
    if not 1 <= number <= 65535:
        raise Refused("expected a port between 1 and 65535", field=field)
    if number < 1024 and number not in WATCHED_PORTS:
        raise Refused(f"expected a port that services are offered at, not {number}", field=field)
    return clean_host(host, field=field).strip("[]"), number


def _split(text: str, *, field: str) -> tuple[str, str]:
    try:
        return str(ip_address(text.strip("[]"))), ""
    except ValueError:
        pass
    found = re.fullmatch(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]/@\s]+)(?::(?P<port>[0-9]{1,5}))?", text)
    if found is None:
        raise Refused("expected a host and a port, such as mail.example.com:25", field=field)
    return found["host"].strip("[]"), found["port"] or ""


async def resolve(host: str, *, guard: Guard) -> list[str]:
    """The addresses of a host, all of which may be reached; raises Unreachable.

    By the system's resolver in a thread of its own: it keeps no deadline, and a pool would fill up with
    names that hang.
    """
    addresses = await _look_up(host)
    for address in addresses:
        if not guard.permits(address):
            raise Unreachable(f"the address {address} is not one that may be reached")
    return addresses


async def _look_up(host: str) -> list[str]:
    with suppress(ValueError):
        return [str(ip_address(host))]
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str] | OSError] = loop.create_future()

    def say(found: list[str] | OSError) -> None:
        if not answer.done():
            answer.set_result(found)

    def ask() -> None:
        found: list[str] | OSError
        try:
            entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except (OSError, UnicodeError) as error:
            found = error if isinstance(error, OSError) else OSError(str(error))
        with suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(say, found)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    found = await answer
    if isinstance(found, OSError):
        raise Unreachable(f"the name {host} was not resolved: {found.strerror or found}")
    return found


@asynccontextmanager
async def connected(
    host: str, port: int, *, guard: Guard, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Connection]:
    """A connection to the first address of the host that takes one; closed at the end, whatever happens.

    Raises Unreachable, and what TLS has against the other side as ssl.SSLError.
    """
    reader, writer = await _connect(await resolve(host, guard=guard), host, port, tls)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _connect(addresses: list[str], host: str, port: int, tls: ssl.SSLContext | None) -> Connection:
    why = f"the name {host} has no address"
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(
                    address, port, ssl=tls, server_hostname=host if tls else None, limit=MOST_LINE_BYTES
                )
        except ssl.SSLError:
            raise
        except TimeoutError:
            why = f"{address} port {port} did not take the connection in time"
        except OSError as error:
            why = f"{address} port {port}: {explain(error)}"
    raise Unreachable(why)


def explain(error: OSError) -> str:
    """The system's own sentence: what asyncio says in its place names no cause."""
    return (os.strerror(error.errno) if error.errno else str(error) or type(error).__name__).lower()


@lru_cache(maxsize=64)
def client_tls(
    *, verify: bool = True, authorities: str = "", minimum: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
) -> ssl.SSLContext:
    """Kept, since reading the system's authorities takes longer than a handshake.

    `authorities` are certificates in PEM that stand in for those of the system.
    """
    context = ssl.create_default_context(cadata=authorities or None)
    context.minimum_version = minimum
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def explain_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is refused: {error.verify_message}"
    return f"TLS failed: {error.reason or error}".replace("_", " ").lower().replace("tls", "TLS", 1)
