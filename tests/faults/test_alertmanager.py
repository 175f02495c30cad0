"""A real Alertmanager, driven by its own tool, reports to us through a door that may be shut."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from incidents.actions.alert import create_source, keep_event
from incidents.actions.alert_limit import EVENTS, TooManyEvents
from incidents.alerts.intake import take_events
from incidents.models import Alert, AlertEvent, AlertSource, Incident, IncidentState
from tests import make
from tests.waiting import free_port, wait_until

ALERTMANAGER, AMTOOL = "prometheus-alertmanager", "amtool"
SECONDS = 30

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        not (shutil.which(ALERTMANAGER) and shutil.which(AMTOOL)),
        reason="no Alertmanager is installed (Debian: prometheus-alertmanager)",
    ),
]

CONFIG = """
route: {{receiver: page, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 2s}}
receivers:
- name: page
  webhook_configs:
  - url: {url}
    send_resolved: true
    http_config: {{authorization: {{type: Bearer, credentials: {secret}}}}}
"""


@dataclass
class Door:
    """Hands requests on, and answers 503 itself while `shut`. `seen` are the answers' statuses; before each call
    that is handed on comes `ahead`."""

    to: str
    shut: int = 0
    ahead: Callable[[], object] = lambda: None
    port: int = 0
    seen: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def hand_on(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        if self.shut:
            self.shut -= 1
            return 503
        self.ahead()
        with closing(HTTPConnection(urlsplit(self.to).netloc, timeout=10)) as inner:
            inner.request("POST", path, body, headers)
            with inner.getresponse() as answer:
                return answer.status


@contextmanager
def open_door(to: str) -> Iterator[Door]:
    door = Door(to)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
            status = door.hand_on(self.path, body, kept)
            door.bodies.append(body)
            door.seen.append(status)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Alertmanager:
    port: int
    door: Door

    def add(self, name: str, *labels: str, ended: bool = False) -> None:
        end = [f"--end={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"] if ended else []
        tool = [AMTOOL, f"--alertmanager.url=http://127.0.0.1:{self.port}", "alert", "add"]
        command = [*tool, f"alertname={name}", *labels, "--annotation=summary=Errors", *end]
        subprocess.run(command, check=True, capture_output=True, timeout=20)


@pytest.fixture
def source(transactional_db: None) -> AlertSource:
    page = make.page(host="localhost")
    return create_source(page, name="Prometheus", kind="alertmanager", service=make.service(page))


@pytest.fixture
def alertmanager(live_server: Any, source: AlertSource, tmp_path: Path) -> Iterator[Alertmanager]:
    with open_door(live_server.url) as door:
        config, port = tmp_path / "alertmanager.yml", free_port()
        url = f"http://127.0.0.1:{door.port}/hooks/alertmanager/{source.public_id}"
        config.write_text(CONFIG.format(url=url, secret=source.secret))
        process = subprocess.Popen(
            [
                ALERTMANAGER,
                f"--config.file={config}",
                f"--storage.path={tmp_path / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
                "--log.level=error",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: _answers(port), seconds=SECONDS, waiting_for="Alertmanager")
            yield Alertmanager(port, door)
        finally:
            process.terminate()
            process.wait(timeout=20)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/-/ready")
        with connection.getresponse() as answer:
            return answer.status == 200
    except OSError:
        return False
    finally:
        connection.close()


def open_keys() -> int:
    take_events()
    return Alert.objects.filter(ended_at=None).count()


def drafts() -> int:
    return Incident.objects.filter(state=IncidentState.DRAFT).count()


def wait_for_open(number: int) -> None:
    wait_until(lambda: open_keys() == number, seconds=SECONDS, waiting_for=f"{number} open alerts")


def test_an_outage_as_alertmanager_tells_it(alertmanager: Alertmanager) -> None:
    door = alertmanager.door
    alertmanager.add("Errors", "instance=a")
    alertmanager.add("Errors", "instance=b")
    wait_for_open(2)
    assert drafts() == 1

    told = len(door.seen)
    wait_until(lambda: len(door.seen) > told + 1, seconds=SECONDS, waiting_for="repeats")
    wait_for_open(2)
    assert drafts() == Alert.objects.count() - 1 == 1
    firing = door.bodies[-1]

    alertmanager.add("Errors", "instance=a", ended=True)
    wait_for_open(1)
    assert drafts() == 1

    alertmanager.add("Errors", "instance=b", ended=True)
    wait_for_open(0)
    assert drafts() == 0

    source = AlertSource.objects.get()
    headers = {"Authorization": f"Bearer {source.secret}", "Content-Type": "application/json"}
    assert door.hand_on(f"/hooks/alertmanager/{source.public_id}", firing, headers) == 200
    assert open_keys() == drafts() == 0


def test_what_meets_a_shut_door_is_sent_again(alertmanager: Alertmanager) -> None:
    alertmanager.door.shut = 2
    alertmanager.add("Errors")
    wait_for_open(1)
    assert alertmanager.door.seen[:3] == [503, 503, 200]
    assert drafts() == 1


def test_what_comes_too_often_is_sent_again_with_its_group(
    alertmanager: Alertmanager, source: AlertSource
) -> None:
    """Alertmanager does not try 429 again at once, but notifies anew when its group_interval is over."""
    floods = iter(range(2))

    def flood() -> None:
        if next(floods, None) is not None:
            with suppress(TooManyEvents):
                for _ in range(EVENTS):
                    keep_event(source, [])
        connection.close()

    alertmanager.door.ahead = flood
    alertmanager.add("Errors")
    wait_for_open(1)
    assert alertmanager.door.seen[0] == 429
    assert set(alertmanager.door.seen) == {200, 429}
    alertmanager.add("Errors", ended=True)
    wait_for_open(0)


def test_with_a_wrong_secret_alertmanager_gives_up(alertmanager: Alertmanager, source: AlertSource) -> None:
    AlertSource.objects.filter(pk=source.pk).update(secret="x" * 64)
    alertmanager.add("Errors")
    wait_until(lambda: bool(alertmanager.door.seen), seconds=SECONDS, waiting_for="a call")
    assert alertmanager.door.seen[0] == 401
    assert not AlertEvent.objects.exists()
