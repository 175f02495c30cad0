"""Connections for asyncio through the guard of the one door out. Deadlines are the caller's."""

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from ipaddress import ip_address

from incidents.lib.outbound import Guard

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

CONNECT_SECONDS = 5.0
MOST_LINE_BYTES = 64 * 1024


class Unreachable(Exception):
    """No connection came about; `str()` says why, for staff."""


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
    host: str, port: int, *, guard: Guard, tls: ssl.SSLContext | None = None, name: str = ""
) -> AsyncIterator[Connection]:
    """A connection to the first address of the host that takes one; closed at the end, whatever happens.

    With `tls` it is encrypted from the first byte, and the certificate must be for `name`, or else for the host.
    Raises Unreachable, and what TLS has against the other side as ssl.SSLError.
    """
    addresses = await resolve(host, guard=guard)
    reader, writer = await _connect(addresses, port, tls=tls, name=name or host)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _connect(addresses: list[str], port: int, *, tls: ssl.SSLContext | None, name: str) -> Connection:
    why = "the name has no address"
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(
                    address, port, ssl=tls, server_hostname=name if tls else None, limit=MOST_LINE_BYTES
                )
        except ssl.SSLError:
            raise
        except TimeoutError:
            why = f"{address} port {port} did not take the connection in time"
        except OSError as error:
            why = f"{address} port {port}: {explain(error)}"
    raise Unreachable(why)


def explain(error: OSError) -> str:
    """For staff. The system's own sentence: what asyncio says in its place names no cause."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(error.reason or str(error)).replace('_', ' ').lower()}"
    if error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or "the other side ended the connection"


async def hear_line(reader: asyncio.StreamReader) -> bytes:
    """The next line with its end. Raises OSError where none comes: the other side has left, or talks without end."""
    try:
        line = await reader.readline()
    except ValueError as error:
        raise ConnectionError("a line without end") from error
    if not line:
        raise ConnectionError("the other side left in the middle")
    return line


async def encrypt(connection: Connection, tls: ssl.SSLContext, *, name: str) -> None:
    """Goes on in TLS; the certificate must be for `name`. Raises as `connected` does."""
    _, writer = connection
    await writer.start_tls(tls, server_hostname=name)


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
