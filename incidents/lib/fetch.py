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
IDLE_SLEEP_SECONDS = 0.005
OUR_HEADERS = ("Accept: */*", "Accept-Encoding: identity", "User-Agent: statuspage-monitor")
UNNAMED = {100: "the headers of the answer are too large"}  # libcurl leaves its message empty
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


@dataclass(frozen=True)
class Response:
    """`status` is None where no answer came, and `error` then says why; `body` holds 64 kB at most.

    `retry_after` is in seconds, 0 where the server named no time.
    """

    status: int | None = None
    error: str = ""
    latency_ms: float | None = None
    body: bytes = b""
    content_type: str = ""
    retry_after: float = 0
    certificate_until: datetime | None = None


@dataclass
class _Transfer:
    """One request on its way, hop by hop."""

    index: int
    request: Request
    url: str
    method: str
    deadline: float
    began: float
    hops: int = 0
    body: BytesIO = field(default_factory=BytesIO)
    passage: Passage | None = None


def fetch_many(requests: Sequence[Request], *, guard: Guard, ca_file: str | None = None) -> list[Response]:
    """Answers in the order of the requests. Never raises for what a target does."""
    responses: dict[int, Response] = {}
    waiting = deque(enumerate(requests))
    multi = pycurl.CurlMulti()
    running: dict[pycurl.Curl, _Transfer] = {}

    def start(transfer: _Transfer) -> None:
        try:
            curl = _prepare(transfer, guard=guard, ca_file=ca_file)
        # What curl will not take (a method with a NUL in it) is one request's fault, not all of theirs.
        except (Refused, pycurl.error, TypeError, ValueError) as error:
            responses[transfer.index] = _failed(transfer, str(error))
            return
        running[curl] = transfer
        multi.add_handle(curl)

    while waiting or running:
        while waiting and len(running) < MOST_AT_ONCE:
            index, request = waiting.popleft()
            start(_begin(index, request))
        _turn(multi, running=len(running))
        for curl, code, message in _finished(multi):
            transfer = running.pop(curl)
            multi.remove_handle(curl)
            outcome = _conclude(transfer, curl, code=code, message=message)
            curl.close()
            if transfer.passage:
                transfer.passage.close()
            if isinstance(outcome, Response):
                responses[transfer.index] = outcome
            else:
                start(outcome)
    multi.close()
    return [responses[index] for index in range(len(requests))]


def _begin(index: int, request: Request) -> _Transfer:
    now = time.monotonic()
    return _Transfer(index, request, request.url, request.method, now + request.total_ms / 1000, now)


def _turn(multi: pycurl.CurlMulti, *, running: int) -> None:
    """One step of libcurl, then a wait. `select` returns at once while libcurl has no descriptor to wait
    for (a name being resolved): without the sleep that is a busy loop."""
    _, left = multi.perform()
    if left < running:
        return
    before = time.monotonic()
    ready = multi.select(0.1)
    if ready <= 0 and time.monotonic() - before < IDLE_SLEEP_SECONDS:
        time.sleep(IDLE_SLEEP_SECONDS)


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
        pycurl.WRITEFUNCTION: _writer(transfer.body),
    }
    if transfer.request.body is not None and transfer.method not in BODILESS:
        options[pycurl.POSTFIELDS] = transfer.request.body
    for option, value in (options | _trust(transfer.request, ca_file)).items():
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


def _writer(body: BytesIO) -> Callable[[bytes], int]:
    """Keeps the first 64 kB and then ends the transfer by taking less than it was given."""

    def write(chunk: bytes) -> int:
        return body.write(chunk[: MOST_BODY_BYTES - body.tell()])

    return write


def _system_authorities() -> str | None:
    """The wheel's libcurl was built elsewhere and may not know where this system keeps them."""
    named = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    return next((path for path in (named, *BUNDLES) if path and Path(path).is_file()), None)


def _conclude(transfer: _Transfer, curl: pycurl.Curl, *, code: int, message: str) -> Response | _Transfer:
    """The response, or the transfer's next hop."""
    if transfer.passage and transfer.passage.refused:
        return _failed(transfer, f"the address {transfer.passage.refused[0]} is not one that may be reached")
    cut_short = code == pycurl.E_WRITE_ERROR and transfer.body.tell() >= MOST_BODY_BYTES
    if code and not cut_short:
        return _failed(transfer, _reason(code, message, transfer.request))
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
