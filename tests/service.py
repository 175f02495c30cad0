"""One running instance of the whole service, on data of its own, seen from outside."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from statuspage.broker import socket_path
from statuspage.environment import BASE_DIR
from tests.waiting import free_port, wait_until

FIRST_PAGE_WITHIN_SECONDS = 60
TITLES = (
    "valkey-server",
    "granian web server",
    "page publisher",
    "celery worker default",
    "celery worker checks",
    "celery worker notices",
    "celery beat",
)


class Service:
    """One `python -m statuspage.supervisor` on data of its own, seen from outside."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.output = data_dir.with_suffix(".log")
        self.supervisor: subprocess.Popen[bytes] | None = None

    def launch(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "statuspage.supervisor"]
        with self.output.open("ab") as output:
            return subprocess.Popen(
                command, cwd=BASE_DIR, env=self.environment(), stdout=output, stderr=output
            )

    def start(self) -> float:
        """Answers after how many seconds the page answered; returns when everything is there."""
        self.supervisor = self.launch()
        took = wait_until(self.answers, seconds=FIRST_PAGE_WITHIN_SECONDS, waiting_for="answer of the page")
        wait_until(self.is_whole, seconds=FIRST_PAGE_WITHIN_SECONDS, waiting_for="whole service")
        return took

    def manage(self, *words: str) -> None:
        """`manage.py` on the same data."""
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=BASE_DIR, env=self.environment(), check=True, timeout=90)

    def environment(self) -> dict[str, str]:
        values = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull}
        return values | {"DATA_DIR": str(self.data_dir), "PORT": str(self.port)}

    def signal(self, number: signal.Signals) -> int:
        assert self.supervisor is not None
        self.supervisor.send_signal(number)
        return self.supervisor.wait(90)

    def processes(self) -> dict[int, str]:
        """All that carry this data directory in their environment, whoever their parent is now."""
        found = {}
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdecimal() and self._is_ours(entry):
                    found[int(entry.name)] = self._title(entry)
        return found

    def _is_ours(self, entry: Path) -> bool:
        """The broker writes its title over its environment, but works in its directory."""
        mark = f"DATA_DIR={self.data_dir}\0".encode()
        return (
            mark in (entry / "environ").read_bytes() or (entry / "cwd").readlink() == self.data_dir / "broker"
        )

    @staticmethod
    def _title(entry: Path) -> str:
        line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        return next((title for title in TITLES if title in line), line)

    def with_title(self, title: str) -> list[int]:
        """The oldest first, which is the parent of the others."""
        return sorted(pid for pid, found in self.processes().items() if found == title)

    def answers(self, path: str = "/readyz") -> bool:
        client = HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            client.request("GET", path)
            return client.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            client.close()

    def broker_answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(socket_path(self.data_dir)))
            client.sendall(b"PING\r\n")
            return client.recv(16) == b"+PONG\r\n"
        return False

    def is_whole(self) -> bool:
        """Every process is there: parent and child of the web server and of two workers, one alone."""
        counts = [len(self.with_title(title)) for title in TITLES]
        return counts == [1, 2, 1, 2, 1, 2, 1] and self.answers() and self.broker_answers()

    def memory_mb(self) -> float:
        """Proportional set sizes: pages that processes share are counted once."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.processes()]
        return sum(int(text.partition("\nPss:")[2].split()[0]) for text in rollups) / 1024
