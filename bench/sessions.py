"""Processes of ours, and what they cost: each with all it starts in a session of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.serving import put_first

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
END_SECONDS = 40


@dataclass(frozen=True)
class Session:
    leader: int

    def cpu_seconds(self) -> float:
        """Of those that live, and of those that ended and were waited for."""
        return sum(sum(map(int, fields[11:15])) for fields in self._stats()) / TICKS_A_SECOND

    def memory_mb(self) -> float:
        """What is theirs alone, and their share of what is shared."""
        return sum(map(_pss_kb, self._pids())) / 1024

    def _pids(self) -> list[int]:
        return [
            pid
            for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
            if _session_of(pid) == self.leader
        ]

    def _stats(self) -> Iterator[list[str]]:
        for pid in self._pids():
            with suppress(OSError):
                yield _stat(pid)


def _stat(pid: int) -> list[str]:
    """From the state on, which is the third field."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _session_of(pid: int) -> int:
    with suppress(OSError):
        return int(_stat(pid)[3])
    return 0


def _pss_kb(pid: int) -> int:
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return 0


@contextmanager
def celery(*words: str) -> Iterator[Session]:
    """A worker or beat as `make up` runs it."""
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"] if words[0] == "worker" else []
    command = [sys.executable, "-m", "celery", "-A", "statuspage.celery", "--quiet", *words, *alone]
    with Path(os.environ["DATA_DIR"], "celery.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    put_first(process.pid)
    try:
        yield Session(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
