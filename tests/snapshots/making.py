"""Sources and files that a test makes up, and a look at what became of them on disk."""

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import brotli

from incidents.snapshots.publish import Outcome, Renewal
from incidents.snapshots.source import JSON, File, Source
from incidents.snapshots.store import Store

NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
LONG = "稼働状況 " * 200


def html(address: str, text: str, *, stale: str | None = None, status: int = 200) -> File:
    twin = None if stale is None else (stale + LONG).encode()
    return File(address, (text + LONG).encode(), stale=twin, status=status, language="ja")


def data(address: str, text: str) -> File:
    return File(address, text.encode(), JSON)


def source(name: str, key: str, *files: File) -> Source:
    return Source(name, key, tuple(file.address for file in files), lambda: files)


def broken(name: str, key: str, *files: File) -> Source:
    """Renders `files`, and then fails."""

    def render() -> Iterable[File]:
        yield from files
        raise ZeroDivisionError

    return Source(name, key, (), render)


def publish(directory: Path, *sources: Source, look: str = "look", now: datetime = NOW) -> Outcome:
    store = Store(directory)
    with store.writing():
        return Renewal(store, look=look, now=now).run(sources)


def read(directory: Path, path: str) -> str:
    """The file, which both of its twins must match where they are there."""
    body = (directory / path).read_bytes()
    for ending, expand in ((".gz", gzip.decompress), (".br", brotli.decompress)):
        twin = directory / (path + ending)
        assert not twin.exists() or expand(twin.read_bytes()) == body
    return body.decode()


def files(directory: Path) -> set[str]:
    """All below it, without what belongs to the writing."""
    kept = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
    return {name for name in kept if name.startswith(("live/", "stale/", "tmp/"))}


class Clock:
    """Stands in for the module `time`; each look at it takes so many seconds."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.now, self.seconds = 0.0, seconds

    def monotonic(self) -> float:
        self.now += self.seconds
        return self.now
