"""The shipped configuration of nginx: it answers what the embedded server answers, and lives without it."""

import http.client
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from incidents.models import Page
from incidents.snapshots.publish import publish_page
from statuspage.published import ACTING, Published
from statuspage.security_headers import browser_headers
from tests import make
from tests.deploy.upstream import upstream
from tests.nginx import SHIPPED, Ports, serving
from tests.statuspage.asking import Answered, ask
from tests.waiting import free_port, wait_until

HOST = "status.example.org"
OF_THE_SERVER = {"Server", "Date", "Connection", "ETag", "Accept-Ranges", "Content-Length", "Keep-Alive"}

pytestmark = pytest.mark.django_db


class Echo:
    """Stands where Django does: says who asked, and for what."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        length = len(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        headers = [("Content-Type", "text/plain"), ("X-From", "Django"), ("X-Length", str(length))]
        for name in ("HTTP_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"):
            headers.append((name.replace("_", "-"), environ.get(name, "")))
        start_response("200 OK", headers)
        return [environ["PATH_INFO"].encode()]


@dataclass(frozen=True)
class Front:
    ports: Ports
    layer: Published
    root: Path
    home: Path

    def ask(
        self, path: str, method: str = "GET", *, host: str = HOST, body: bytes | None = None, **headers: str
    ) -> Answered:
        client = http.client.HTTPSConnection(
            "127.0.0.1",
            self.ports.https,
            timeout=20,
            context=ssl._create_unverified_context(),
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client.request(method, path, body=body, headers={"Host": host} | named)
        response = client.getresponse()
        answered = Answered(response.status, dict(response.getheaders()), response.read())
        client.close()
        return answered


@pytest.fixture
def page() -> Page:
    made = make.page(host=HOST)
    service = make.service(made)
    make.update(make.incident(made, {service: "degraded"}))
    made.refresh_from_db()
    return made


@pytest.fixture
def front(page: Page, tmp_path: Path, settings: Settings) -> Iterator[Front]:
    settings.PUBLISHED_DIR = tmp_path / "published"
    settings.PRODUCTION, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    publish_page(page, now=make.jst("2020-09-04 12:50"))
    (tmp_path / "static/css").mkdir(parents=True)
    (tmp_path / "static/css/page.0123456789ab.css").write_text("body {}")
    layer = Published(
        Echo(),
        public=tmp_path / "published",
        private=tmp_path / "published-private",
        headers=browser_headers(),
        allowed_hosts=[HOST],
    )
    layer.shelf.look()
    home = tmp_path / "nginx"
    with (
        upstream(layer) as port,
        serving(home, data_dir=tmp_path, host=HOST, application_port=port) as ports,
    ):
        yield Front(ports, layer, tmp_path, home)


@pytest.fixture
def abandoned(page: Page, tmp_path: Path, settings: Settings) -> Iterator[Front]:
    """With no application behind it."""
    settings.PUBLISHED_DIR = tmp_path / "published"
    publish_page(page, now=make.jst("2020-09-04 12:50"))
    home = tmp_path / "nginx"
    with serving(home, data_dir=tmp_path, host=HOST, application_port=free_port()) as ports:
        yield Front(ports, Published.__new__(Published), tmp_path, home)


def comparable(answered: Answered) -> dict[str, Any]:
    """`Vary` is nginx's only where it found a compressed twin."""
    kept = {name: value for name, value in answered.headers.items() if name not in OF_THE_SERVER}
    if "Content-Security-Policy" in kept:
        kept["Content-Security-Policy"] = "; ".join(sorted(kept["Content-Security-Policy"].split("; ")))
    if "Content-Encoding" not in kept:
        kept.pop("Vary", None)
    return kept | {"status": answered.status}


def test_every_published_address_has_the_bytes_and_headers_of_the_embedded_server(front: Front) -> None:
    addresses = [a for a, entry in front.layer.shelf.sites[HOST].entries.items() if entry.status == 200]
    assert len(addresses) > 20
    for address in addresses:
        ours = ask(front.layer, address, host=HOST, HTTP_ACCEPT_ENCODING="gzip")
        theirs = front.ask(address, Accept_Encoding="gzip")
        assert comparable(theirs) == comparable(ours), address
        assert theirs.body == ours.body, address
        assert front.ask(address).body == ask(front.layer, address, host=HOST).body, address


NO_FILES = (
    *(("GET", address) for address in ("/nothing", "/en/nothing", "/en", "/services/", "/api/v2/no.json")),
    *(("GET", address) for address in ("/404", "/en/404", "/api/404.json")),
    *(("GET", address) for address in ("/index.html", "/index.html.gz", "/history.html", "/en/404.html")),
    *(("POST", address) for address in ("/", "/history", "/api/v2/summary.json")),
    ("OPTIONS", "/api/v2/summary.json"),
    ("HEAD", "/"),
    ("DELETE", "/nothing"),
)


def test_what_is_no_file_is_answered_by_the_application_with_its_own_headers(front: Front) -> None:
    for method, address in NO_FILES:
        ours = ask(front.layer, address, method, host=HOST)
        theirs = front.ask(address, method)
        assert comparable(theirs) == comparable(ours), (method, address)
        assert theirs.body == ours.body, (method, address)


def test_what_acts_goes_to_the_application_which_learns_who_asks(front: Front) -> None:
    for step in sorted(ACTING - {"static"}):
        answered = front.ask(f"/{step}/x", X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="ftp")
        assert answered.headers["X-From"] == "Django", step
        assert answered.headers["HTTP-HOST"] == HOST
        assert answered.headers["HTTP-X-FORWARDED-FOR"] == "127.0.0.1"
        assert answered.headers["HTTP-X-FORWARDED-PROTO"] == "https"
    assert front.ask("/en/subscribe", "POST", body=b"a=1").headers["X-Length"] == "3"
    assert front.ask("/api/v2/subscribers.json", "POST", body=b"a=1").headers["X-Length"] == "3"


def test_the_shipped_file_names_what_acts() -> None:
    named = re.findall(r"/\(([a-z0-9|-]+)\)\(/\|\$\)", SHIPPED.read_text())
    assert {step for steps in named for step in steps.split("|")} == ACTING - {"static"}


def test_static_files_are_files(front: Front) -> None:
    answered = front.ask("/static/css/page.0123456789ab.css")
    assert (answered.status, answered.body) == (200, b"body {}")
    assert answered.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert answered.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answered.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", ["/static/", "/static/css/", "/static/nothing.css"])
def test_what_is_no_static_file_is_not_found_by_the_application(front: Front, address: str) -> None:
    assert front.ask(address).headers.get("X-From") == "Django"


def test_nothing_beside_the_published_files_is_handed_out(front: Front) -> None:
    (front.root / "secret_key").write_text("marker")
    for above in ("/..", "/static/..", "/.missing/..", "/static..", "/en/../.."):
        for name in ("secret_key", "manifest.json", "status.example.org/manifest.json"):
            answered = front.ask(f"{above}/{name}")
            assert b"marker" not in answered.body and b"made_at" not in answered.body


def test_another_version_has_another_tag_within_the_same_second(front: Front, page: Page) -> None:
    before = front.ask("/").headers["ETag"]
    assert front.ask("/", If_None_Match=before).status == 304
    publish_page(page, now=make.jst("2020-09-04 12:51"))
    assert front.ask("/", If_None_Match=before).status == 200


def test_another_host_is_misdirected(front: Front) -> None:
    for host in ("evil.example", f"www.{HOST}", "127.0.0.1"):
        answered = front.ask("/", host=host)
        assert (answered.status, answered.body) == (421, b"No status page answers for this host.\n")


def test_plain_http_leads_to_https_of_the_configured_host(front: Front) -> None:
    client = http.client.HTTPConnection("127.0.0.1", front.ports.http, timeout=20)
    client.request("GET", "/history?x=1", headers={"Host": HOST})
    response = client.getresponse()
    assert (response.status, response.headers["Location"]) == (301, f"https://{HOST}/history?x=1")
    client.close()


def test_bodies_have_their_limits(front: Front) -> None:
    assert front.ask("/subscribe", "POST", body=b"x" * 2**20).headers["X-Length"] == str(2**20)
    assert front.ask("/console/logo", "POST", body=b"x" * 5 * 2**20).status == 200
    assert front.ask("/console/logo", "POST", body=b"x" * 7 * 2**20).status == 413
    assert front.ask("/hooks/x", "POST", body=b"x" * (2**20 + 1)).status == 413
    assert front.ask("/subscribe", "POST", body=b"x", Content_Encoding="gzip").status == 415


def test_one_address_cannot_flood_what_acts_and_still_reads_the_page(front: Front) -> None:
    answers = [front.ask("/subscribe").status for _ in range(60)]
    assert set(answers) == {200, 429}
    assert front.ask("/").status == 200


def test_addresses_that_act_by_being_known_are_not_logged(front: Front) -> None:
    for path in (
        "/confirm/SECRET1",
        "/en/unsubscribe/SECRET2",
        "/keep/SECRET6",
        "/last-only/SECRET7",
        "/shared/SECRET9",
        "/ping/SECRET3/fail",
        "/hooks/grafana/SECRET4",
        "/hooks/pingdom/1/SECRET8",
    ):
        front.ask(f"{path}?token=SECRET5")
    front.ask("/history")
    log_file = front.home / "access.log"
    wait_until(lambda: '"GET /history"' in log_file.read_text(), seconds=10, waiting_for="log line")
    log = log_file.read_text()
    assert "/en/unsubscribe/***" in log
    assert "SECRET" not in log


def test_without_the_application_the_page_is_there_byte_for_byte(abandoned: Front) -> None:
    live = abandoned.root / "published" / HOST / "live"
    for address, path in (("/", "index.html"), ("/en/", "en/index.html"), ("/history", "history.html")):
        answered = abandoned.ask(address)
        assert (answered.status, answered.body) == (200, (live / path).read_bytes())
    assert abandoned.ask("/api/v2/summary.json").body == (live / "api/v2/summary.json").read_bytes()


def test_without_the_application_unknown_addresses_are_404_in_the_pages_look(abandoned: Front) -> None:
    live = abandoned.root / "published" / HOST / "live"
    for address, path in (("/nothing", "404.html"), ("/en/nothing", "en/404.html"), ("/404", "404.html")):
        answered = abandoned.ask(address)
        assert (answered.status, answered.body) == (404, (live / path).read_bytes()), address
        assert answered.headers["Content-Type"] == "text/html; charset=utf-8"
    answered = abandoned.ask("/api/v2/nothing.json")
    assert (answered.status, answered.body) == (404, (live / "api/404.json").read_bytes())
    assert answered.headers["Access-Control-Allow-Origin"] == "*"


def test_without_the_application_what_acts_says_where_the_page_is(abandoned: Front) -> None:
    answered = abandoned.ask("/subscribe", "POST", body=b"a=1")
    assert (answered.status, answered.headers["Retry-After"]) == (503, "30")
    assert f"https://{HOST}/".encode() in answered.body
    assert answered.headers["Cache-Control"] == "no-store"
