"""Postfix's test programs: a sink that takes mail and throws it away, and a source of it."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import free_port, wait_until

LIMIT_MAILS = 30_000
LIMIT_BYTES = 10_240


class NoSink(Exception):
    """`str()` says what to install."""


@dataclass(frozen=True)
class Sink:
    port: int
    counters: Path

    @property
    def taken(self) -> int:
        """Messages since the start."""
        counts = re.findall(rb"mesg=(\d+)", self.counters.read_bytes()[-200:])
        return int(counts[-1]) if counts else 0


def find_program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NoSink(f"found no {name}: on Debian `apt install postfix` brings it")
    return found


@contextmanager
def running_sink(home: Path) -> Iterator[Sink]:
    port = free_port()
    account = ["-u", "nobody"] if os.getuid() == 0 else []
    command = [find_program("smtp-sink"), *account, "-c", f"127.0.0.1:{port}", "1000"]
    counters = home / "counters"
    with counters.open("wb") as output:
        process = subprocess.Popen(command, stdout=output)
    try:
        sink = Sink(port, counters)
        wait_until(lambda: _send(sink, 1) == 0, seconds=10, waiting_for="smtp-sink")
        yield sink
    finally:
        process.kill()
        process.wait()


def session_limit(sink: Sink) -> float:
    """Mails a second of `smtp-source` in ten sessions that it keeps: the limit of this machine, now."""
    began_at = time.monotonic()
    if _send(sink, LIMIT_MAILS) != 0:
        raise RuntimeError("smtp-source failed")
    return LIMIT_MAILS / (time.monotonic() - began_at)


def _send(sink: Sink, mails: int) -> int:
    sessions = str(min(10, mails))
    size = ["-s", sessions, "-l", str(LIMIT_BYTES), "-m", str(mails)]
    addresses = ["-f", "status@example.com", "-t", "reader@example.com", f"127.0.0.1:{sink.port}"]
    command = [find_program("smtp-source"), "-d", *size, *addresses]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode
