"""A real Redis-compatible broker for tests, which may be frozen and killed."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from statuspage.broker import broker_command
from statuspage.processes import die_with_parent
from tests.waiting import wait_until

START_SECONDS = 30.0


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


class Broker:
    """A server that a test may freeze and kill."""

    def __init__(self, home: Path) -> None:
        self.socket = home / "socket"
        self.redis_url = f"unix://{self.socket}?db=0"
        self.celery_url = f"redis+socket://{self.socket}"
        self._command = broker_command(data_dir=home, socket=self.socket)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        parent = os.getpid()
        self._process = subprocess.Popen(self._command, preexec_fn=partial(die_with_parent, parent))
        wait_until(partial(_accepts, self.socket), seconds=START_SECONDS, waiting_for="broker")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(number)


@contextmanager
def broker(directory: Path | None = None) -> Iterator[Broker]:
    """A fresh broker on a unix socket in `directory` (default: one of its own, gone afterwards)."""
    home = directory or Path(tempfile.mkdtemp(prefix="statuspage-broker-", dir="/tmp"))
    server = Broker(home)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        if directory is None:
            shutil.rmtree(home, ignore_errors=True)
