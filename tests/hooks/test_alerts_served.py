"""Alerts over the web server that the service runs: what a test client cannot show."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from incidents.actions.alert import create_source
from incidents.alerts.intake import take_events
from incidents.models import Alert, AlertEvent, AlertSource, Page
from tests import make
from tests.alerts.test_formats import payload
from tests.faults.scene import database_url
from tests.waiting import free_port, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
SERVE = (
    "from statuspage.services import load_application, serve_pages; load_application(); serve_pages({port})"
)
BOUNDARY = "--------------------------736c8f1e"


class Web:
    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        """An iterable body without a length is sent in chunks."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as client:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            client.request(method, path, body, given, encode_chunked="Transfer-Encoding" in given)
            with client.getresponse() as answer:
                answer.read()
                return answer.status

    def answers(self) -> bool:
        try:
            return self.send("GET", "/healthz") == 200
        except OSError:
            return False


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[Web]:
    """The server of `make up` on this run's database."""
    port, log = free_port(), tmp_path / "web.log"
    values = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(tmp_path),
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    command = [sys.executable, "-c", SERVE.format(port=port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=values, stdout=output, stderr=output)
    try:
        found = Web(port, log)
        wait_until(found.answers, seconds=60, waiting_for="answer of the web server")
        yield found
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def page(transactional_db: None) -> Page:
    return make.page(host="127.0.0.1")


def source_of(page: Page, kind: str) -> AlertSource:
    return create_source(page, name=kind, kind=kind, service=make.service(page))


def path_of(source: AlertSource) -> str:
    return f"/hooks/{source.format}/{source.public_id}"


def bearer(source: AlertSource) -> str:
    return f"Bearer {source.secret}"


def form(data: str) -> list[bytes]:
    """As axios and form-data write it: piece by piece, without saying how much comes."""
    return [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="data"\r\n\r\n'.encode(),
        *(data[at : at + 100].encode() for at in range(0, len(data), 100)),
        f"\r\n--{BOUNDARY}--\r\n".encode(),
    ]


def test_uptime_kuma_as_it_really_sends(web: Web, page: Page) -> None:
    source = source_of(page, "uptime_kuma")
    down, up, test = (
        json.dumps(payload(f"uptime_kuma_{name}.recorded"), ensure_ascii=False)
        for name in ("down", "up", "test")
    )
    chunked = {
        "Transfer_Encoding": "chunked",
        "Content_Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Authorization": bearer(source),
    }
    assert web.send("POST", path_of(source), iter(form(down)), **chunked) == 200
    take_events()
    alert = Alert.objects.get()
    assert (alert.key, alert.ended_at) == ("7", None)
    assert web.send("POST", path_of(source), iter(form(test)), **chunked) == 200
    mislabelled = {"Content_Type": "application/x-www-form-urlencoded", "Authorization": bearer(source)}
    assert web.send("POST", path_of(source), up.encode(), **mislabelled) == 200
    take_events()
    alert.refresh_from_db()
    assert alert.ended_at is not None
    assert "SECRET" not in "".join(map(str, AlertEvent.objects.values_list("heard", flat=True)))


def test_a_chunked_body_beyond_the_limit_is_refused(web: Web, page: Page) -> None:
    source = source_of(page, "uptime_kuma")
    headers = {
        "Transfer_Encoding": "chunked",
        "Content_Type": "application/json",
        "Authorization": bearer(source),
    }
    assert web.send("POST", path_of(source), iter([b" " * 65_536] * 5), **headers) == 413


def test_the_secret_comes_as_each_sender_can_and_stays_out_of_the_log(web: Web, page: Page) -> None:
    pingdom, checks = source_of(page, "pingdom"), source_of(page, "healthchecks")
    down = json.dumps(payload("pingdom_down.alerta-tests")).encode()
    # What any HTTP library makes of https://page:SECRET@host/…
    userinfo = f"Basic {base64.b64encode(f'page:{pingdom.secret}'.encode()).decode()}"
    assert web.send("POST", path_of(pingdom), down, Authorization=userinfo) == 200
    assert web.send("POST", f"{path_of(pingdom)}/{pingdom.secret}", down) == 200
    assert web.send("POST", f"{path_of(pingdom)}/{pingdom.secret}x", down) == 401
    assert web.send("POST", f"{path_of(checks)}/{checks.secret}", b'{"code": "c1", "status": "down"}') == 200
    assert web.send("POST", f"{path_of(checks)}/{checks.secret}", b"{") == 422
    assert web.send("GET", f"{path_of(checks)}/{checks.secret}?code=c2&status=down&name=%22Backup%22") == 200
    assert web.send("DELETE", f"{path_of(checks)}/{checks.secret}") == 405
    written = web.log.read_text()
    assert "/hooks/pingdom/***" in written
    assert pingdom.secret not in written
    assert checks.secret not in written


def test_the_limit_holds_over_threads_of_the_server(web: Web, page: Page) -> None:
    """As many calls at once as Django takes; what is kept of any one second is ten at most."""
    source = source_of(page, "alertmanager")
    body = json.dumps(payload("alertmanager_0.25_firing.recorded")).encode()
    answers: list[int] = []

    def flood() -> None:
        for _ in range(15):
            answers.append(web.send("POST", path_of(source), body, Authorization=bearer(source)))

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 429}
    kept = sorted(AlertEvent.objects.values_list("received_at", flat=True))
    assert len(kept) == answers.count(200)
    spans = [(later - earlier).total_seconds() for earlier, later in zip(kept, kept[10:], strict=False)]
    assert all(span >= 1 for span in spans)
