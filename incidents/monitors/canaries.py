"""Two checks whose outcome is known: one that must pass, one that must fail.

Where either is wrong something is wrong with whoever checks: out of files or memory, a broken library, a
firewall that answers for everybody. What it says of others is then not used.
"""

import secrets
import socket
import threading
from contextlib import suppress
from types import TracebackType

from incidents.lib.fetch import Request, Response, fetch_many
from incidents.lib.outbound import Guard

TOTAL_MS = 2_000
LOOPBACK = "127.0.0.1"


class Canaries:
    """An echo on loopback, and a port beside it where nobody listens."""

    def __enter__(self) -> "Canaries":
        self._word = secrets.token_hex(8)
        self._listening = socket.create_server((LOOPBACK, 0), backlog=16)
        self._closed = socket.socket()
        self._closed.bind((LOOPBACK, 0))
        self._ports = [one.getsockname()[1] for one in (self._listening, self._closed)]
        self._guard = Guard([f"{LOOPBACK}/32"])
        threading.Thread(target=self._answer, name="canary", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # wakes the thread that waits in accept
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._closed.close()

    def find_fault(self) -> str:
        """What is wrong, for staff; empty where both came out as they must."""
        requests = [
            Request(url=f"http://{LOOPBACK}:{port}/", total_ms=TOTAL_MS, connect_ms=TOTAL_MS)
            for port in self._ports
        ]
        must_pass, must_fail = fetch_many(requests, guard=self._guard)
        return judge_canaries(must_pass, must_fail, word=self._word)

    def _answer(self) -> None:
        body = self._word.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                with client, suppress(OSError):
                    client.settimeout(TOTAL_MS / 1000)
                    client.recv(4096)
                    client.sendall(head + body)


def judge_canaries(must_pass: Response, must_fail: Response, *, word: str) -> str:
    if must_pass.status is None:
        return f"the check that must pass failed: {must_pass.error}"
    if must_pass.body.decode(errors="replace") != word:
        return "the check that must pass was answered by somebody else"
    if must_fail.status is not None:
        return f"the check of a closed port was answered with {must_fail.status}"
    return ""
