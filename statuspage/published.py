"""The public page, answered from memory before Django hears of it: no query, no session, no cookie."""

import enum
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from django.http.request import split_domain_port, validate_host

from incidents.snapshots.answering import (
    API_PREFIX,
    CORS_HEADER,
    READ_ONLY,
    READING,
    is_data,
    lasting_headers,
)
from incidents.snapshots.manifest import Entry
from incidents.snapshots.reading import STALE_SECONDS
from incidents.snapshots.source import JSON, TEXT
from statuspage.answers import Environ, Headers, StartResponse
from statuspage.shelf import BrowserHeaders, Shelf, Site

ACTING = frozenset(
    {
        *("console", "admin", "static", "healthz", "readyz", "metrics"),
        *("subscribe", "confirm", "manage", "unsubscribe", "endpoints"),
        *("follow", "keep", "last-only", "enter", "members", "alerts", "shared"),
        *("hooks", "ping", "observations", "v1"),
    }
)
"""First steps of the addresses that do something, or that depend on who asks: they are Django's."""

ACTING_API = (f"{API_PREFIX}subscribers", f"{API_PREFIX}subscriptions")
MISSING_PAGE = "/404"
MISSING_DATA = "/api/404.json"
NOWHERE = "No status page answers for this host."
METHOD_NOT_ALLOWED = "405 Method Not Allowed"
PREFLIGHT = [
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Max-Age", "86400"),
]
HOSTS_REMEMBERED = 1_000


class Application(Protocol):
    def __call__(self, environ: Environ, start_response: StartResponse, /) -> Iterable[bytes]: ...


class Elsewhere(enum.Enum):
    DJANGO = "a page that is private, or not published yet"
    NOWHERE = "no host of ours"


class Hosts:
    """Which page answers for a Host header: each for its own, and the only page for every allowed one."""

    def __init__(
        self, sites: dict[str, Site], private: frozenset[str], *, allowed_hosts: Sequence[str]
    ) -> None:
        self._sites = sites
        self._private = private
        self._allowed_hosts = allowed_hosts
        self.found: dict[str, Site | Elsewhere] = {}
        """By the header as it was sent."""

    def find(self, header: str) -> Site | Elsewhere:
        found = self.found.get(header)
        if found is None:
            if len(self.found) >= HOSTS_REMEMBERED:
                self.found.clear()
            found = self.found[header] = self._decide(header)
        return found

    def _decide(self, header: str) -> Site | Elsewhere:
        domain, _port = split_domain_port(header)
        if domain in self._sites:
            return self._sites[domain]
        if domain in self._private or not (self._sites or self._private):
            return Elsewhere.DJANGO
        if not domain or not validate_host(domain, self._allowed_hosts):
            return Elsewhere.NOWHERE
        if len(self._sites) == 1 and not self._private:
            return next(iter(self._sites.values()))
        return Elsewhere.DJANGO


class Published:
    """A WSGI application in front of another."""

    def __init__(
        self,
        application: Application,
        *,
        public: Path,
        private: Path,
        headers: BrowserHeaders,
        allowed_hosts: Sequence[str],
        stale_seconds: float = STALE_SECONDS,
    ) -> None:
        self._application = application
        self._headers = headers
        self._allowed_hosts = allowed_hosts
        self._hosts = Hosts({}, frozenset(), allowed_hosts=allowed_hosts)
        self.shelf = Shelf(public, private, headers, on_change=self._take_hosts, stale_seconds=stale_seconds)

    def _take_hosts(self, sites: dict[str, Site], private: frozenset[str]) -> None:
        self._hosts = Hosts(sites, private, allowed_hosts=self._allowed_hosts)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The first lines are the way of almost every request while everyone looks at once."""
        site = self._hosts.found.get(environ.get("HTTP_HOST", ""))
        if isinstance(site, Site):
            answer = site.answers.get(environ["PATH_INFO"])
            if answer is not None and environ["REQUEST_METHOD"] in READING:
                return answer.give(environ, start_response)
        return self._answer_the_rest(environ, start_response)

    def _answer_the_rest(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        address = environ["PATH_INFO"]
        if acts(address):
            return self._application(environ, start_response)
        site = self._hosts.find(environ.get("HTTP_HOST", ""))
        if site is Elsewhere.NOWHERE:
            return say(start_response, "421 Misdirected Request", self._headers.data, NOWHERE)
        if isinstance(site, Site) and site.is_open:
            return self._answer_for(site, environ, start_response)
        return self._application(environ, start_response)

    def _answer_for(self, site: Site, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        address = environ["PATH_INFO"]
        entry = site.entries.get(address)
        if entry and environ["REQUEST_METHOD"] not in READING:
            return self._refuse_method(address, entry, environ, start_response)
        if entry is None and f"{address}/" in site.entries:
            moved = [("Location", f"{address}/"), *lasting_headers(address, TEXT), *self._headers.data]
            return say(start_response, "301 Moved Permanently", moved, "")
        answer = site.find(address if entry else address_of_missing(site, address))
        if answer is None or (entry is None and not site.is_complete):
            return self._application(environ, start_response)
        return answer.give(environ, start_response)

    def _refuse_method(
        self, address: str, entry: Entry, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        if entry.content_type != JSON:
            headers = [("Allow", ", ".join(READING)), *self._headers.of(address, TEXT)]
            return say(start_response, METHOD_NOT_ALLOWED, headers, READ_ONLY)
        allow = ("Allow", ", ".join((*READING, "OPTIONS")))
        headers = [allow, CORS_HEADER, *self._headers.data]
        if environ["REQUEST_METHOD"] == "OPTIONS":
            start_response("204 No Content", [*headers, *PREFLIGHT])
            return []
        error = json.dumps({"error": READ_ONLY})
        return say(start_response, METHOD_NOT_ALLOWED, headers, error, content_type=JSON)


def acts(address: str) -> bool:
    first, _, rest = address.removeprefix("/").partition("/")
    if len(first) == 2 and first.isalpha():  # a language
        first = rest.partition("/")[0]
    return first in ACTING or address.startswith(ACTING_API)


def address_of_missing(site: Site, address: str) -> str:
    """Of what is published to answer for addresses that are not: as data, or in the address's language."""
    if is_data(address) and MISSING_DATA in site.entries:
        return MISSING_DATA
    in_language = f"/{address.removeprefix('/').partition('/')[0]}{MISSING_PAGE}"
    return in_language if in_language in site.entries else MISSING_PAGE


def say(
    start_response: StartResponse, status: str, headers: Headers, text: str, *, content_type: str = TEXT
) -> list[bytes]:
    body = f"{text}\n".encode() if text else b""
    start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body))), *headers])
    return [body]
