"""Reads a log for an SPF monitor: lines into sources, added up and handed to the same intake as pushed ones."""

import os
import select
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from incidents.actions.spf import SOURCES_KEPT, Source, save_log_position
from incidents.lib import times
from incidents.lib.log_tail import MOST_LINE_BYTES, LogTail
from incidents.lib.mail_logs import Broken, Reader
from incidents.monitors.drifting import take_sources
from incidents.queries.spf import log_position

LINES_AT_ONCE = 5_000
PAUSE_SECONDS = 2.0
CHUNK_BYTES = 64 * 1024

# A row of the record, handed on and not looked into here.
Handle = Any


@dataclass
class Tally:
    """Lines by what became of them. `broken`: of the right form, with what cannot be; `old`: before what is kept."""

    seen: int = 0
    others: int = 0
    broken: int = 0
    old: int = 0

    def __str__(self) -> str:
        return f"{self.seen} sources, {self.others} other lines, {self.broken} broken, {self.old} too old"


@dataclass
class Observer:
    """`between` is called after each batch, such as to let go of a database connection that has grown old."""

    monitor: Handle
    reader: Reader
    between: Callable[[], None] = lambda: None
    tally: Tally = field(default_factory=Tally)

    def read_stream(self, descriptor: int) -> None:
        """To its end. What has come is kept after two seconds, whether more comes or not."""
        lines: list[bytes] = []
        rest, kept_at = b"", time.monotonic()
        while True:
            ready, _, _ = select.select([descriptor], [], [], PAUSE_SECONDS)
            chunk = os.read(descriptor, CHUNK_BYTES) if ready else b""
            *complete, rest = (rest + chunk).split(b"\n")
            rest = rest[: MOST_LINE_BYTES + 1]
            lines += complete
            if (
                (ready and not chunk)
                or len(lines) >= LINES_AT_ONCE
                or time.monotonic() - kept_at >= PAUSE_SECONDS
            ):
                self._keep(lines)
                lines, kept_at = [], time.monotonic()
                self.between()
            if ready and not chunk:
                self._keep([rest] if rest else [])
                return

    def read_file(self, path: Path, *, wait: Callable[[float], bool] | None = None) -> None:
        """From where it was left to its end; with `wait` on and on, until that answers True."""
        name = str(path.resolve())
        left = log_position(self.monitor, name)
        with LogTail(path, inode=left.inode if left else 0, position=left.position if left else 0) as tail:
            while True:
                lines = tail.read_lines(LINES_AT_ONCE)
                if lines:
                    with transaction.atomic():
                        self._keep(lines)
                        save_log_position(self.monitor, name, inode=tail.inode, position=tail.position)
                elif not tail.follow() and (wait is None or wait(PAUSE_SECONDS)):
                    return
                self.between()
                if lines and wait is not None and wait(0):
                    return

    def _keep(self, lines: Iterable[bytes]) -> None:
        sources = self._sources(lines)
        if sources:
            take_sources(self.monitor, sources)

    def _sources(self, lines: Iterable[bytes]) -> list[Source]:
        """Added up by the minute."""
        now = times.now()
        counts: Counter[Source] = Counter()
        for line in lines:
            source = self._read(line, now)
            if source is not None:
                counts[source] += 1
        return [
            Source(one.address, one.outcome, one.at, count, one.domain, one.host)
            for one, count in counts.items()
        ]

    def _read(self, line: bytes, now: datetime) -> Source | None:
        try:
            text = line.rstrip(b"\r").decode()
            if len(line) > MOST_LINE_BYTES:
                raise Broken("too long")
            arrival = self.reader(text, now)
            if arrival is not None and arrival.at > now + timedelta(minutes=5):
                raise Broken("to come")
        except (UnicodeDecodeError, Broken):
            self.tally.broken += 1
            return None
        if arrival is None:
            self.tally.others += 1
            return None
        if arrival.at < now - SOURCES_KEPT:
            self.tally.old += 1
            return None
        self.tally.seen += 1
        minute = arrival.at.replace(second=0, microsecond=0)
        return Source(arrival.address, arrival.outcome, minute, domain=arrival.domain, host=arrival.host)
