"""Everything but the file server is killed: the page stays up, says how old it is, and is not green for long.

FAULT_SECONDS=300 runs it as an operator would see it, with the watchdog's own limit and timer; by default
both are short.
"""

import json
import os
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

import pytest

from incidents.snapshots.manifest import read_manifest
from incidents.snapshots.publisher import RENEW_SECONDS
from statuspage.environment import BASE_DIR
from tests import nginx
from tests.service import Service
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="runs on a database of its own, once"),
]

SECONDS = float(os.environ.get("FAULT_SECONDS", "12"))
IS_REAL_TIME = SECONDS > 150
STALE_AFTER_SECONDS = 120 if IS_REAL_TIME else 4
TIMER_SECONDS = 30 if IS_REAL_TIME else 1
GREEN_WITHIN_SECONDS = 30
ADDRESSES = {
    "/": "index.html",
    "/en/": "en/index.html",
    "/history": "history.html",
    "/services/mail": "services/mail.html",
    "/api/v2/summary.json": "api/v2/summary.json",
}
PRESENT = ("/", "/en/", "/services/mail", "/api/v2/summary.json")
GREEN = "正常稼働中"
MAKE_A_SERVICE = """
from incidents.actions.service import create_service
from incidents.models import Page
create_service(Page.objects.get(), slug="mail", name="メール", code="MAIL")
"""


@dataclass
class Visitor(threading.Thread):
    """Reads every address again and again, and keeps what was not as it should be."""

    port: int
    allowed: dict[str, set[bytes]]
    wrong: list[str] = field(default_factory=list)
    reads: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.stopped.wait(0.05):
            for address, bodies in self.allowed.items():
                started_at = time.monotonic()
                try:
                    status, body, _ = ask(self.port, address)
                except (OSError, HTTPException) as error:
                    self.wrong.append(f"{address}: {error!r}")
                    continue
                self.reads += 1
                if status != 200 or body not in bodies or time.monotonic() - started_at > 1:
                    self.wrong.append(f"{address}: {status}, {len(body)} bytes")


def ask(port: int, address: str, **headers: str) -> tuple[int, bytes, str]:
    """Status, body and ETag."""
    client = HTTPSConnection("127.0.0.1", port, timeout=5, context=ssl._create_unverified_context())
    try:
        client.request("GET", address, headers={name.replace("_", "-"): v for name, v in headers.items()})
        response = client.getresponse()
        return response.status, response.read(), response.headers["ETag"]
    finally:
        client.close()


@contextmanager
def reading(port: int, allowed: dict[str, set[bytes]]) -> Iterator[Visitor]:
    visitor = Visitor(port, allowed)
    visitor.start()
    try:
        yield visitor
    finally:
        visitor.stopped.set()
        visitor.join()


@contextmanager
def watchdog(data_dir: Path) -> Iterator[None]:
    """As its timer runs it."""
    stopped = threading.Event()
    environment = {"PATH": os.environ["PATH"], "STALE_AFTER_SECONDS": str(STALE_AFTER_SECONDS)}

    def run() -> None:
        while not stopped.wait(TIMER_SECONDS):
            subprocess.run([BASE_DIR / "deploy/watchdog.sh", data_dir], env=environment, check=True)

    timer = threading.Thread(target=run)
    timer.start()
    try:
        yield
    finally:
        stopped.set()
        timer.join()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path / "data")
    made.start()
    made.manage("shell", "-v", "0", "-c", MAKE_A_SERVICE)
    yield made
    if made.supervisor and made.supervisor.poll() is None:
        made.signal(signal.SIGTERM)


@pytest.fixture
def directory(service: Service) -> Path:
    return service.data_dir / "published" / "127.0.0.1"


@pytest.fixture
def port(service: Service, tmp_path: Path) -> Iterator[int]:
    """nginx's, with the shipped configuration."""
    home = tmp_path / "nginx"
    with nginx.serving(
        home, data_dir=service.data_dir, host="127.0.0.1", application_port=service.port
    ) as ports:
        yield ports.https


def contents(directory: Path, folder: str) -> dict[str, bytes]:
    return {
        address: (directory / folder / path).read_bytes()
        for address, path in ADDRESSES.items()
        if (directory / folder / path).exists()
    }


def is_published(directory: Path) -> bool:
    """All of it: a publisher that is killed in between leaves some pages new and some old."""
    with suppress(FileNotFoundError):
        return "/services/mail" in read_manifest(directory).files
    return False


def is_green(port: int) -> bool:
    status, body, _ = ask(port, "/")
    return status == 200 and GREEN in body.decode()


def kill_everything(service: Service) -> None:
    """The supervisor first, which would heal the others; and the database is gone."""
    service.signal(signal.SIGKILL)
    for pid in service.processes():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not service.processes(), seconds=10, waiting_for="end of all")
    (service.data_dir / "statuspage.sqlite3").rename(service.data_dir / "lost.sqlite3")


def test_everything_but_the_file_server_is_killed_and_the_page_is_up_and_no_longer_green(
    service: Service, directory: Path, port: int
) -> None:
    wait_until(lambda: is_published(directory), seconds=GREEN_WITHIN_SECONDS, waiting_for="published service")
    assert is_green(port)
    kill_everything(service)
    killed_at = time.monotonic()
    live, stale = contents(directory, "live"), contents(directory, "stale")
    assert set(PRESENT) <= stale.keys()
    assert GREEN not in stale["/"].decode()
    assert json.loads(stale["/api/v2/summary.json"])["status"]["indicator"] != "none"
    green_tag = ask(port, "/")[2]
    allowed = {address: {live[address], stale.get(address, live[address])} for address in ADDRESSES}
    with reading(port, allowed) as visitor, watchdog(service.data_dir):
        grey_after = wait_until(
            lambda: not is_green(port),
            seconds=STALE_AFTER_SECONDS + TIMER_SECONDS + 15,
            waiting_for="grey page",
        )
        time.sleep(max(0.0, SECONDS - (time.monotonic() - killed_at)))
    assert visitor.wrong == []
    assert visitor.reads > 20
    assert grey_after > STALE_AFTER_SECONDS - 20
    for address in PRESENT:
        assert ask(port, address)[:2] == (200, stale[address]), address
    assert ask(port, "/history")[:2] == (200, live["/history"])
    assert ask(port, "/", If_None_Match=green_tag)[0] == 200
    (service.data_dir / "lost.sqlite3").rename(service.data_dir / "statuspage.sqlite3")
    service.start()
    wait_until(lambda: is_green(port), seconds=GREEN_WITHIN_SECONDS, waiting_for="green page again")


def test_a_lost_database_stops_the_publisher_and_not_the_page(service: Service, directory: Path) -> None:
    """Without nginx: the embedded server answers from memory."""
    heartbeat = directory / "heartbeat"
    wait_until(lambda: is_published(directory), seconds=GREEN_WITHIN_SECONDS, waiting_for="published service")
    for path in service.data_dir.glob("statuspage.sqlite3*"):
        path.unlink()
    log = service.output
    wait_until(
        lambda: "while the database does not answer" in log.read_text(), seconds=20, waiting_for="complaint"
    )
    before = heartbeat.stat().st_mtime_ns
    time.sleep(RENEW_SECONDS + 2)
    assert heartbeat.stat().st_mtime_ns == before
    assert service.answers("/") and service.answers("/en/")
