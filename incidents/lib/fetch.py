"""HTTP out of the door of `outbound`: many at once, each with a true total deadline and a byte limit."""

import os
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pycurl

from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard, Passage, check_url

MOST_BODY_BYTES = 64 * 1024
MOST_AT_ONCE = 64
TURN_SECONDS = 0.1
IDLE_SLEEP_SECONDS = 0.005
OUR_HEADERS = ("Accept: */*", "Accept-Encoding: identity", "User-Agent: statuspage-monitor")
UNNAMED = {100: "the headers of the answer are too large"}  # libcurl leaves its message empty
KEPT_HEADERS = frozenset({"etag"})
BODILESS = ("GET", "HEAD")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


@dataclass(frozen=True)
class Request:
    """`total_ms` spans all hops. A status in `final_statuses` is an answer even if it is a redirect.

    `headers` are whole lines, beside or instead of our own; neither they nor a body go on to another origin.
    `authorities` are certificates in PEM that stand in for those of the system.
    """

    url: str
    method: str = "GET"
    total_ms: int = 10_000
    connect_ms: int = 5_000
    most_redirects: int = 3
    final_statuses: frozenset[int] = frozenset()
    https_only: bool = False
    body: bytes | None = None
    headers: tuple[str, ...] = ()
    verify: bool = True
    authorities: str = ""
    most_bytes: int = MOST_BODY_BYTES


@dataclass(frozen=True)
class Response:
    """`status` is None where no answer came, and `error` then says why; `body` holds `most_bytes` at most.

    It `is_reached` if a connection came about, or was never tried. `retry_after` is in seconds, 0 where the server
    named no time.
    """

    status: int | None = None
    error: str = ""
    is_reached: bool = True
    latency_ms: float | None = None
    body: bytes = b""
    content_type: str = ""
    retry_after: float = 0
    certificate_until: datetime | None = None
    etag: str = ""


@dataclass
class _Transfer:
    """One request on its way, hop by hop."""

    key: Any
    request: Request
    url: str
    method: str
    deadline: float
    began: float
    hops: int = 0
    body: BytesIO = field(default_factory=BytesIO)
    passage: Passage | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Fetcher:
    """Requests under way, side by side. None waits for another, and none raises for what a target does.

    Each is known by a key that the caller gives and that comes back with its response.
    """

    def __init__(self, *, guard: Guard, ca_file: str | None = None) -> None:
        self._guard = guard
        self._ca_file = ca_file
        self._multi = pycurl.CurlMulti()
        self._running: dict[pycurl.Curl, _Transfer] = {}
        self._ended: list[tuple[Any, Response]] = []

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._running) + len(self._ended)

    def add(self, key: Any, request: Request) -> None:
        self._start(_begin(key, request))

    def turn(self, seconds: float) -> list[tuple[Any, Response]]:
        """What has ended; waits no longer than `seconds` for something to happen."""
        if self._running and not self._ended:
            _turn(self._multi, running=len(self._running), seconds=seconds)
        for curl, code, message in _finished(self._multi):
            self._end(curl, code, message)
        ended, self._ended = self._ended, []
        return ended

    def close(self) -> None:
        """Breaks off what is still under way."""
        for curl in list(self._running):
            self._take_out(curl)
        self._multi.close()

    def _start(self, transfer: _Transfer) -> None:
        try:
            curl = _prepare(transfer, guard=self._guard, ca_file=self._ca_file)
        # What curl will not take (a method with a NUL in it) is one request's fault, not all of theirs.
        except (Refused, pycurl.error, TypeError, ValueError) as error:
            self._ended.append((transfer.key, _failed(transfer, str(error))))
            return
        self._running[curl] = transfer
        self._multi.add_handle(curl)

    def _end(self, curl: pycurl.Curl, code: int, message: str) -> None:
        outcome = _conclude(self._running[curl], curl, code=code, message=message)
        transfer = self._take_out(curl)
        if isinstance(outcome, Response):
            self._ended.append((transfer.key, outcome))
        else:
            self._start(outcome)

    def _take_out(self, curl: pycurl.Curl) -> _Transfer:
        transfer = self._running.pop(curl)
        self._multi.remove_handle(curl)
        curl.close()
        if transfer.passage:
            transfer.passage.close()
        return transfer


def fetch_many(requests: Sequence[Request], *, guard: Guard, ca_file: str | None = None) -> list[Response]:
    """Answers in the order of the requests. Never raises for what a target does."""
    responses: dict[int, Response] = {}
    waiting = deque(enumerate(requests))
    fetcher = Fetcher(guard=guard, ca_file=ca_file)
    try:
        while waiting or len(fetcher):
            while waiting and len(fetcher) < MOST_AT_ONCE:
                fetcher.add(*waiting.popleft())
            responses.update(fetcher.turn(TURN_SECONDS))
    finally:
        fetcher.close()
    return [responses[index] for index in range(len(requests))]


def _begin(key: Any, request: Request) -> _Transfer:
    now = time.monotonic()
    return _Transfer(key, request, request.url, request.method, now + request.total_ms / 1000, now)


def _turn(multi: pycurl.CurlMulti, *, running: int, seconds: float) -> None:
    """One step of libcurl, then a wait. `select` returns at once while libcurl has no descriptor to wait
    for (a name being resolved): without the sleep that is a busy loop."""
    _, left = multi.perform()
    if left < running:
        return
    before = time.monotonic()
    ready = multi.select(seconds)
    if ready <= 0 and time.monotonic() - before < IDLE_SLEEP_SECONDS:
        time.sleep(min(IDLE_SLEEP_SECONDS, seconds))


def _finished(multi: pycurl.CurlMulti) -> list[tuple[pycurl.Curl, int, str]]:
    found: list[tuple[pycurl.Curl, int, str]] = []
    more = 1
    while more:
        more, good, bad = multi.info_read()
        found += [(curl, 0, "") for curl in good]
        found += [(curl, code, message) for curl, code, message in bad]
    return found


def _prepare(transfer: _Transfer, *, guard: Guard, ca_file: str | None) -> pycurl.Curl:
    url = check_url(transfer.url, https_only=transfer.request.https_only)
    left_ms = int((transfer.deadline - time.monotonic()) * 1000)
    transfer.passage = Passage(guard)
    curl = pycurl.Curl()
    options: dict[int, Any] = {
        pycurl.URL: url,
        pycurl.CUSTOMREQUEST: transfer.method,
        pycurl.NOBODY: transfer.method == "HEAD",
        pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
        pycurl.FOLLOWLOCATION: False,
        pycurl.PROXY: "",
        pycurl.NETRC: pycurl.NETRC_IGNORED,
        pycurl.NOSIGNAL: True,
        pycurl.FRESH_CONNECT: True,
        pycurl.FORBID_REUSE: True,
        pycurl.DNS_CACHE_TIMEOUT: 0,
        pycurl.TIMEOUT_MS: max(1, left_ms),
        pycurl.CONNECTTIMEOUT_MS: min(transfer.request.connect_ms, max(1, left_ms)),
        pycurl.HTTPHEADER: _headers(transfer.request),
        pycurl.HTTP_CONTENT_DECODING: False,
        pycurl.OPT_CERTINFO: True,
        pycurl.OPENSOCKETFUNCTION: transfer.passage.open,
        pycurl.WRITEFUNCTION: _writer(transfer),
        pycurl.HEADERFUNCTION: _header_reader(transfer.headers),
    }
    if transfer.request.body is not None and transfer.method not in BODILESS:
        options[pycurl.POSTFIELDS] = transfer.request.body
    if url.startswith("https:"):
        options |= _trust(transfer.request, ca_file)
    for option, value in options.items():
        curl.setopt(option, value)
    return curl


def _trust(request: Request, ca_file: str | None) -> dict[int, Any]:
    if not request.verify:
        return {pycurl.SSL_VERIFYPEER: 0, pycurl.SSL_VERIFYHOST: 0}
    if request.authorities:
        return {pycurl.CAINFO_BLOB: request.authorities.encode()}
    authorities = ca_file or _system_authorities()
    return {pycurl.CAINFO: authorities} if authorities else {}


def _headers(request: Request) -> list[str]:
    given = {line.partition(":")[0].lower() for line in request.headers}
    ours = [line for line in OUR_HEADERS if line.partition(":")[0].lower() not in given]
    # A server that says "100 Continue" late would cost a second of each request.
    return [*ours, *request.headers, *(["Expect:"] if request.body is not None else [])]


def _writer(transfer: _Transfer) -> Callable[[bytes], int]:
    """Keeps the first bytes, and then ends the transfer by taking less than it was given."""
    body, most = transfer.body, transfer.request.most_bytes

    def write(chunk: bytes) -> int:
        return body.write(chunk[: most - body.tell()])

    return write


def _header_reader(headers: dict[str, str]) -> Callable[[bytes], None]:
    """Keeps the headers that anybody asks about, of the answer that comes last."""

    def read(line: bytes) -> None:
        name, _, value = line.decode("latin-1").partition(":")
        if name.startswith("HTTP/"):
            headers.clear()
        elif name.lower() in KEPT_HEADERS:
            headers[name.lower()] = value.strip()

    return read


def _system_authorities() -> str | None:
    """The wheel's libcurl was built elsewhere and may not know where this system keeps them."""
    named = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    return next((path for path in (named, *BUNDLES) if path and Path(path).is_file()), None)


def _conclude(transfer: _Transfer, curl: pycurl.Curl, *, code: int, message: str) -> Response | _Transfer:
    """The response, or the transfer's next hop."""
    if transfer.passage and transfer.passage.refused:
        return _failed(transfer, f"the address {transfer.passage.refused[0]} is not one that may be reached")
    cut_short = code == pycurl.E_WRITE_ERROR and transfer.body.tell() >= transfer.request.most_bytes
    if code and not cut_short:
        why = _reason(code, message, transfer.request)
        return replace(_failed(transfer, why), is_reached=curl.getinfo(pycurl.CONNECT_TIME) > 0)
    status = curl.getinfo(pycurl.RESPONSE_CODE)
    target = _said(curl, pycurl.REDIRECT_URL)
    if status in REDIRECTS and target and status not in transfer.request.final_statuses:
        return _next_hop(transfer, target, status)
    return Response(
        status=status,
        latency_ms=_elapsed_ms(transfer),
        body=transfer.body.getvalue(),
        content_type=_said(curl, pycurl.CONTENT_TYPE),
        retry_after=curl.getinfo(pycurl.RETRY_AFTER),
        certificate_until=_certificate_until(curl),
        etag=transfer.headers.get("etag", ""),
    )


def _next_hop(transfer: _Transfer, target: str, status: int) -> Response | _Transfer:
    if transfer.request.most_redirects == 0:
        return _failed(transfer, f"answered {status}, a redirect, which is not followed")
    if transfer.hops >= transfer.request.most_redirects:
        return _failed(transfer, f"more than {transfer.request.most_redirects} redirects")
    if transfer.url.startswith("https:") and not target.startswith("https:"):
        return _failed(transfer, "a redirect from https to http")
    stays = transfer.method in BODILESS or status in (307, 308)
    request = transfer.request
    if _origin(target) != _origin(transfer.url):
        if stays and request.body is not None:
            return _failed(transfer, "a redirect that would take the body to another host")
        request = replace(request, headers=(), body=None)
    return replace(
        transfer,
        request=request,
        url=target,
        method=transfer.method if stays else "GET",
        hops=transfer.hops + 1,
        body=BytesIO(),
        passage=None,
        headers={},
    )


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _failed(transfer: _Transfer, why: str) -> Response:
    return Response(error=why, latency_ms=_elapsed_ms(transfer))


def _elapsed_ms(transfer: _Transfer) -> float:
    return (time.monotonic() - transfer.began) * 1000


def _reason(code: int, message: str, request: Request) -> str:
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return f"no complete answer within {request.total_ms} ms: {message}"
    return message or UNNAMED.get(code, f"libcurl error {code}")


def _said(curl: pycurl.Curl, what: int) -> str:
    """A server's own words, which may hold any bytes: decoding them as UTF-8 can raise."""
    raw: bytes | None = curl.getinfo_raw(what)
    return (raw or b"").decode(errors="replace")


def _certificate_until(curl: pycurl.Curl) -> datetime | None:
    """The end of the server's own certificate, which comes first in the chain."""
    chain = curl.getinfo_raw(pycurl.INFO_CERTINFO)
    for name, value in chain[0] if chain else ():
        if name == b"Expire date":
            with suppress(ValueError):
                words = value.decode(errors="replace")
                return datetime.strptime(words, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
    return None
