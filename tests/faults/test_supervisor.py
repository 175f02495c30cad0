"""`make up` with its processes killed: each comes back, and none stays behind."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from statuspage.broker import socket_path
from tests.service import TITLES, Service
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="runs on a database of its own, once"),
]

HEALED_WITHIN_SECONDS = 10
GONE_WITHIN_SECONDS = 5
NEXT_PAGE_WITHIN_SECONDS = 10
MEMORY_LIMIT_MB = 500


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
