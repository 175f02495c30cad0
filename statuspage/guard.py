"""Django, kept from taking the page's time: few of its requests run at once, and few wait.

All threads of a process share one interpreter lock. Without this, sixteen people in the console make the
page a hundred times slower for everyone else (`python -m bench.page` measures it).
"""

import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from statuspage.answers import Environ, StartResponse
from statuspage.published import Application, say

RUNNING_AT_ONCE = 2
"""Threads that are Django's own, so that it also has no more connections to the database than these."""

SERVER_THREADS = 28
"""No more: each that stands idle costs the page a little, and 64 of them cost it a third of its speed."""

MOST_WAITING = 16
"""Of the server's threads; the others are left for the page, whatever comes."""

MOST_BODIES = 8
"""Request bodies that are read at the same time: a client may send its own a byte a minute."""

BODY_LIMIT_BYTES = 6 * 2**20
IN_MEMORY_BYTES = 256 * 2**10
READ_BYTES = 64 * 2**10

BUSY = "503 Service Unavailable"
RETRY = [("Retry-After", "2"), ("Cache-Control", "no-store")]


class Unfit(Exception):
    """`args` are the status line and a sentence."""


class Guard:
    """A WSGI application around Django's."""

    def __init__(self, application: Application, *, running_at_once: int = RUNNING_AT_ONCE) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(running_at_once, thread_name_prefix="django")
        self._free_places = threading.BoundedSemaphore(MOST_WAITING)
        self._bodies = threading.BoundedSemaphore(MOST_BODIES)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not has_body(environ):
            return self._run(environ, start_response)
        try:
            body = self._take_body(environ)
        except Unfit as unfit:
            status, sentence = unfit.args
            return say(start_response, status, RETRY if status == BUSY else [], sentence)
        with body:
            return self._run(environ, start_response)

    def _take_body(self, environ: Environ) -> IO[bytes]:
        """Before anything is held that others need. Raises Unfit."""
        if not self._bodies.acquire(blocking=False):
            raise Unfit(BUSY, "Too many requests are being sent at the moment.")
        try:
            body, length = read_body(environ)
        finally:
            self._bodies.release()
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = body, str(length)
        return body

    def _run(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not self._free_places.acquire(blocking=False):
            return say(start_response, BUSY, RETRY, "Too many requests are waiting at the moment.")
        try:
            return self._threads.submit(self._ask, environ, start_response).result()
        finally:
            self._free_places.release()

    def _ask(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """In a thread of Django's, where the answer is made and closed unless it is a stream."""
        response: Any = self._application(environ, start_response)
        if getattr(response, "streaming", True):
            return response  # type: ignore[no-any-return]
        try:
            return [b"".join(response)]
        finally:
            response.close()


def has_body(environ: Environ) -> bool:
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def read_body(environ: Environ) -> tuple[IO[bytes], int]:
    """All of it, on disk where it is long, and its length. Raises Unfit."""
    declared = environ.get("CONTENT_LENGTH", "")
    if declared.isdecimal() and int(declared) > BODY_LIMIT_BYTES:
        raise Unfit("413 Content Too Large", "That is too long.")
    body = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    length = 0
    while chunk := environ["wsgi.input"].read(READ_BYTES):
        length += len(chunk)
        if length > BODY_LIMIT_BYTES:
            body.close()
            raise Unfit("413 Content Too Large", "That is too long.")
        body.write(chunk)
    if declared and declared != str(length):
        body.close()
        raise Unfit("400 Bad Request", "The request ended before its time.")
    body.seek(0)
    return body, length
