"""What is published for each host, in memory, kept up to date by a thread that no request waits for."""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from incidents.snapshots.answering import headers_of, is_active, is_framed, lasting_headers
from incidents.snapshots.manifest import Entry, Manifest, read_manifest, version_of
from incidents.snapshots.reading import STALE_SECONDS, read_variants
from incidents.snapshots.store import HEARTBEAT_NAME
from statuspage.answers import Answer, Headers, make_answer

LOOK_SECONDS = 0.2
LAZY_BYTES = 64 * 2**20
"""History is read when it is asked for, and kept up to so much of each host."""

STATUS_LINES = {200: "200 OK", 404: "404 Not Found"}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BrowserHeaders:
    """What a browser may do with an answer, by what that is."""

    document: Headers
    framed: Headers
    data: Headers

    def of(self, address: str, content_type: str) -> Headers:
        if is_framed(address):
            return self.framed
        return self.document if is_active(content_type) else self.data


class Heartbeat:
    """Of the publisher. Measured by a clock that nobody sets, from when it was last seen to be new."""

    def __init__(self, path: Path, *, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._seen: int | None = None
        self._since = 0.0

    def is_alive(self) -> bool:
        try:
            modified = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        if modified != self._seen:
            self._seen = modified
            self._since = time.monotonic() - max(0.0, time.time() - modified / 1e9)
        return time.monotonic() - self._since <= self._seconds


class Site:
    """What is published for one host. Requests read `answers` and `entries`, which are replaced as wholes."""

    def __init__(self, directory: Path, headers: BrowserHeaders, *, stale_seconds: float) -> None:
        self.answers: dict[str, Answer] = {}
        """Those that are in memory: all that tell the present, and some of the others."""
        self.entries: dict[str, Entry] = {}
        self.is_complete = False
        self._directory = directory
        self._headers = headers
        self._heartbeat = Heartbeat(directory / HEARTBEAT_NAME, seconds=stale_seconds)
        self._is_stale = False
        self._fresh: dict[str, Answer] = {}
        self._stale: dict[str, Answer] = {}
        self._lazy_bytes = 0
        self._version: tuple[int, int] | None = None
        self._is_behind = False
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Has it been published at all?"""
        return "/" in self.entries

    def find(self, address: str) -> Answer | None:
        return self.answers.get(address) or self._fetch(address)

    def look(self) -> None:
        """Takes up what is new on disk. Raises OSError or ValueError where that cannot be read."""
        version = version_of(self._directory)
        is_new = version != self._version or self._is_behind
        self._version = version
        if is_new:
            self._take_up(read_manifest(self._directory))
        is_stale = not self._heartbeat.is_alive()
        if is_new or is_stale != self._is_stale:
            with self._lock:
                self._is_stale = is_stale
                self._show()

    def _take_up(self, manifest: Manifest) -> None:
        fresh: dict[str, Answer] = {}
        stale: dict[str, Answer] = {}
        self._is_behind = False
        for address, entry in manifest.files.items():
            old = self._fresh.get(address)
            if entry.stale_digest:
                self._renew(fresh, self._fresh, address, entry)
                self._renew(stale, self._stale, address, entry, is_stale=True)
            elif old and old.etag == etag_of(entry):
                fresh[address] = old
        with self._lock:
            self._fresh, self._stale, self.entries = fresh, stale, manifest.files
            self._lazy_bytes = sum(answer.size for address, answer in fresh.items() if self._is_lazy(address))
            self.is_complete = manifest.is_complete

    def _renew(
        self,
        new: dict[str, Answer],
        old: dict[str, Answer],
        address: str,
        entry: Entry,
        *,
        is_stale: bool = False,
    ) -> None:
        """Reads what changed; where that is being written at this moment the old stays until the next look."""
        kept = old.get(address)
        if kept is None or kept.etag != etag_of(entry, is_stale=is_stale):
            made = self._read(address, entry, is_stale=is_stale)
            self._is_behind |= made is None
            kept = made or kept
        if kept:
            new[address] = kept

    def _fetch(self, address: str) -> Answer | None:
        entry = self.entries.get(address)
        if entry is None:
            return None
        answer = self._read(address, entry, is_stale=self._is_stale and bool(entry.stale_digest))
        with self._lock:
            if answer and self._is_lazy(address) and self.entries.get(address) is entry:
                self._keep(address, answer)
        return answer

    def _keep(self, address: str, answer: Answer) -> None:
        self._lazy_bytes += answer.size
        if self._lazy_bytes > LAZY_BYTES:
            self._fresh = {a: kept for a, kept in self._fresh.items() if not self._is_lazy(a)}
            self._lazy_bytes = answer.size
            self._show()
        self._fresh[address] = self.answers[address] = answer

    def _is_lazy(self, address: str) -> bool:
        return not self.entries[address].stale_digest

    def _show(self) -> None:
        """Green must not stand in for grey: where a stale twin is missing there is no answer."""
        if self._is_stale:
            lazy = {address: answer for address, answer in self._fresh.items() if self._is_lazy(address)}
            self.answers = lazy | self._stale
        else:
            self.answers = self._fresh

    def _read(self, address: str, entry: Entry, *, is_stale: bool) -> Answer | None:
        bodies = read_variants(self._directory, entry, is_stale=is_stale)
        if bodies is None:
            return None
        return make_answer(
            bodies,
            etag=etag_of(entry, is_stale=is_stale),
            modified_at=entry.stale_written_at if is_stale else entry.written_at,
            headers=[
                *headers_of(address, entry.content_type, entry.language),
                *self._headers.of(address, entry.content_type),
            ],
            lasting=lasting_headers(address, entry.content_type),
            status=STATUS_LINES[entry.status],
        )


class Shelf:
    """All sites below the public root, and the names of those below the private one."""

    def __init__(
        self,
        public: Path,
        private: Path,
        headers: BrowserHeaders,
        *,
        on_change: Callable[[dict[str, Site], frozenset[str]], None],
        stale_seconds: float = STALE_SECONDS,
    ) -> None:
        self._public = public
        self._private = private
        self._headers = headers
        self._on_change = on_change
        self._stale_seconds = stale_seconds
        self.sites: dict[str, Site] = {}
        self._private_hosts: frozenset[str] | None = None

    def watch(self) -> None:
        """Looks now, and then for ever in a thread."""
        self.look()
        threading.Thread(target=self._look_for_ever, name="shelf", daemon=True).start()

    def look(self) -> None:
        """Never raises: what cannot be read stays as it was."""
        hosts, private = _hosts(self._public), _hosts(self._private)
        if hosts != self.sites.keys() or private != self._private_hosts:
            self.sites = {host: self.sites.get(host) or self._open(host) for host in hosts}
            self._private_hosts = private
            self._on_change(self.sites, private)
        for host, site in self.sites.items():
            with suppress(FileNotFoundError):  # not published yet, or just removed
                try:
                    site.look()
                except (ValueError, PermissionError):
                    logger.exception("what is published of %s cannot be read", host)

    def _open(self, host: str) -> Site:
        return Site(self._public / host, self._headers, stale_seconds=self._stale_seconds)

    def _look_for_ever(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            try:
                self.look()
            except Exception:
                logger.exception("what is published could not be looked at")


def etag_of(entry: Entry, *, is_stale: bool = False) -> str:
    return f'W/"{entry.stale_digest if is_stale else entry.digest}"'


def _hosts(root: Path) -> frozenset[str]:
    with suppress(FileNotFoundError):
        return frozenset(e.name for e in os.scandir(root) if e.is_dir() and not e.name.startswith("."))
    return frozenset()
