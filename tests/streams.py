"""Real stream servers on loopback whose whole behaviour is one coroutine."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Streams:
    """`accepted` counts the connections; `faults` what the server's own coroutine raised."""

    port: int = 0
    accepted: int = 0
    faults: list[BaseException] = field(default_factory=list)


@contextmanager
def serving_streams(talk: Talk, *, tls: ssl.SSLContext | None = None) -> Iterator[Streams]:
    served = Streams()
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.accepted += 1
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has left
        except Exception as error:
            served.faults.append(error)
        finally:
            writer.transport.abort() if writer.transport.is_closing() else writer.close()

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)

    loop.set_exception_handler(lambda _loop, _context: None)  # a client that refuses our certificate
    server = loop.run_until_complete(begin())
    served.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield served
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
    assert not served.faults


async def _end(server: asyncio.Server) -> None:
    server.close()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Takes the connection and never says a word."""
    await asyncio.sleep(60)


async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never silent long enough for a timeout of a single read, and never done."""
    for _ in range(1000):
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends with RST instead of FIN, once the connection stands."""
    await asyncio.sleep(0.02)
    lingering = writer.get_extra_info("socket")
    lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One line that does not end."""
    for _ in range(1000):
        writer.write(b"x" * 65_536)
        await writer.drain()
