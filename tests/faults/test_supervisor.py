"""`make up` with its processes killed: each comes back, and none stays behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import sleep

import pytest

from statuspage.broker import socket_path
from statuspage.environment import BASE_DIR
from tests.waiting import free_port, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="runs on a database of its own, once"),
]

HEALED_WITHIN_SECONDS = 10
GONE_WITHIN_SECONDS = 5
FIRST_PAGE_WITHIN_SECONDS = 60
NEXT_PAGE_WITHIN_SECONDS = 10
MEMORY_LIMIT_MB = 500
TITLES = (
    "valkey-server",
    "granian web server",
    "page publisher",
    "celery worker default",
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
        values = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull}
        values |= {"DATA_DIR": str(self.data_dir), "PORT": str(self.port)}
        command = [sys.executable, "-m", "statuspage.supervisor"]
        with self.output.open("ab") as output:
            return subprocess.Popen(command, cwd=BASE_DIR, env=values, stdout=output, stderr=output)

    def start(self) -> float:
        """Answers after how many seconds the page answered; returns when everything is there."""
        self.supervisor = self.launch()
        took = wait_until(self.answers, seconds=FIRST_PAGE_WITHIN_SECONDS, waiting_for="answer of the page")
        wait_until(self.is_whole, seconds=FIRST_PAGE_WITHIN_SECONDS, waiting_for="whole service")
        return took

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

    def answers(self) -> bool:
        client = HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            client.request("GET", "/readyz")
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
        """Every process is there: parent and child of the web server and of both workers, two of one."""
        counts = [len(self.with_title(title)) for title in TITLES]
        return counts == [1, 2, 1, 3, 2, 1] and self.answers() and self.broker_answers()

    def memory_mb(self) -> float:
        """Proportional set sizes: pages that processes share are counted once."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.processes()]
        return sum(int(text.partition("\nPss:")[2].split()[0]) for text in rollups) / 1024


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("up") / "data")
    try:
        running.start()
        yield running
    finally:
        running.signal(signal.SIGTERM)
    assert running.processes() == {}


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path / "data")
    yield made
    if made.supervisor and made.supervisor.poll() is None:
        made.signal(signal.SIGTERM)


@pytest.mark.parametrize("which", ["parent", "child"])
@pytest.mark.parametrize("title", TITLES)
def test_a_killed_process_is_back_within_ten_seconds_and_leaves_no_orphan(
    service: Service, title: str, which: str
) -> None:
    wait_until(service.is_whole, seconds=HEALED_WITHIN_SECONDS, waiting_for="whole service")
    pids = service.with_title(title)
    if which == "child" and len(pids) == 1:
        pytest.skip("has no child")
    victim = pids[0] if which == "parent" else pids[-1]
    os.kill(victim, signal.SIGKILL)
    took = wait_until(
        lambda: victim not in service.processes() and service.is_whole(),
        seconds=HEALED_WITHIN_SECONDS,
        waiting_for=f"new {title}",
    )
    print(f"{title} ({which}): whole again after {took:.1f} s")  # noqa: T201
    if which == "parent":
        assert not set(pids) & set(service.processes())


def test_workers_take_up_work_again_after_the_broker_was_killed(service: Service) -> None:
    wait_until(service.is_whole, seconds=HEALED_WITHIN_SECONDS, waiting_for="whole service")
    os.kill(service.with_title("valkey-server")[0], signal.SIGKILL)
    wait_until(service.is_whole, seconds=HEALED_WITHIN_SECONDS, waiting_for="new broker")
    wait_until(lambda: tasks_started(service) > 0, seconds=15, waiting_for="task taken from the new broker")


def tasks_started(service: Service) -> int:
    """Pops that came back with a message, from the broker's own count since its start."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        client.connect(str(socket_path(service.data_dir)))
        client.sendall(b"INFO commandstats\r\n")
        sleep(0.1)
        answer = client.recv(65536).decode()
    # A worker that takes a message notes it in its list of unacknowledged ones.
    line = next((line for line in answer.splitlines() if line.startswith("cmdstat_hset:")), "calls=0,")
    return int(line.partition("calls=")[2].partition(",")[0])


def test_idle_it_takes_under_500_mb(service: Service) -> None:
    wait_until(service.is_whole, seconds=HEALED_WITHIN_SECONDS, waiting_for="whole service")
    assert service.memory_mb() < MEMORY_LIMIT_MB


def test_a_second_instance_on_the_same_data_is_refused(service: Service) -> None:
    assert service.supervisor
    second = service.launch()
    assert second.wait(30) == 1
    refusal = service.output.read_text().splitlines()[-1]
    assert refusal == (
        f"another instance (process {service.supervisor.pid}) runs on {service.data_dir}: "
        "stop it, or set another DATA_DIR"
    )


def test_an_instance_on_a_port_in_use_says_so(service: Service, tmp_path: Path) -> None:
    other = Service(tmp_path / "data")
    other.port = service.port
    assert other.launch().wait(30) == 1
    assert f"port {service.port} is in use" in other.output.read_text()
    assert other.processes() == {}


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_goes_on(own_service: Service) -> None:
    own_service.start()
    key = (own_service.data_dir / "secret_key").read_text()
    own_service.signal(signal.SIGKILL)
    wait_until(lambda: not own_service.processes(), seconds=GONE_WITHIN_SECONDS, waiting_for="end of all")
    took = own_service.start()
    assert took < NEXT_PAGE_WITHIN_SECONDS
    assert (own_service.data_dir / "secret_key").read_text() == key


def test_supervisor_and_worker_killed_together_leave_no_orphan(own_service: Service) -> None:
    own_service.start()
    for title in ("celery worker default", "granian web server"):
        os.kill(own_service.with_title(title)[0], signal.SIGKILL)
    own_service.signal(signal.SIGKILL)
    wait_until(lambda: not own_service.processes(), seconds=GONE_WITHIN_SECONDS, waiting_for="end of all")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_ends_everything(own_service: Service, number: signal.Signals) -> None:
    own_service.start()
    assert own_service.signal(number) == 0
    assert own_service.processes() == {}
