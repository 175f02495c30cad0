"""A server on loopback that takes what is posted to endpoints, records it, and answers as it is told."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from incidents.models import Subscriber
from incidents.queries import endpoints as queries


@dataclass(frozen=True)
class Posted:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0


@dataclass
class Endpoints:
    """`replies` are those of a path's next requests; then it answers 200. `echo` returns challenges."""

    port: int = 0
    echo: bool = True
    posted: list[Posted] = field(default_factory=list)
    replies: dict[str, list[Reply]] = field(default_factory=lambda: defaultdict(list))

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def to(self, path: str) -> list[Posted]:
        return [one for one in self.posted if one.path == path]

    def reply(self, posted: Posted) -> Reply:
        if self.replies[posted.path]:
            return self.replies[posted.path].pop(0)
        if self.echo and b"webhook.verify" in posted.body:
            return Reply(body=json.dumps({"challenge": posted.json["challenge"]}).encode())
        return Reply()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        endpoints: Endpoints = self.server.endpoints  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length", 0))
        posted = Posted(self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length))
        endpoints.posted.append(posted)
        reply = endpoints.reply(posted)
        time.sleep(reply.seconds)
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A sender that hangs up early is part of the tests."""


@pytest.fixture
def endpoints(settings: Any) -> Iterator[Endpoints]:
    settings.ENDPOINTS_ALLOW = ("127.0.0.0/8",)
    running = Endpoints()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.endpoints = running  # type: ignore[attr-defined]
    running.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()


def owner_token(subscriber: Subscriber) -> str:
    """Of the link that its owner was mailed last."""
    return queries.owner_token(subscriber.wishes.latest("pk"))
