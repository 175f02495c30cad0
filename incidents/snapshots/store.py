"""A page's directory, written so that whoever reads it at any moment finds whole files.

    live/          a file for each address, with compressed twins (.gz, .br) beside it
    stale/         the same for what stands in their place once publishing has stopped
    manifest.json  what lies there; written after all of it
    heartbeat      renewed last, and only if what says how things are now is true
    tmp/           what is being written
    unfinished     there while live/ may hold what no manifest lists

A file is written in tmp/, fsynced, and renamed over the old one. A writer that is killed, or a disk that
is full, leaves the old file as it was. Modification times grow by at least a second with each version of
a path, since nginx makes its ETag of them.
"""

import fcntl
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from incidents.snapshots.manifest import MANIFEST_NAME, Entry, Manifest, read_manifest, remember
from incidents.snapshots.source import File
from incidents.snapshots.twins import BROTLI, GZIP, compress, compress_always

HEARTBEAT_NAME = "heartbeat"
UNFINISHED_NAME = "unfinished"
LOCK_NAME = ".lock"
FILE_MODE, DIRECTORY_MODE = 0o644, 0o755
"""Whatever the umask is: a web server that runs as somebody else reads them."""

OWN_MODE = 0o700

SYNC_THREADS = 16
"""File systems put what is synced at the same time into one commit of their journal."""

VARIANTS = ("", GZIP, BROTLI)
"""The file itself first: its time tells whether what belongs to it is of the same version."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Staged:
    """A file that waits in tmp/. `moves` are (from, to), `absent` what must not be there beside it."""

    address: str
    entry: Entry
    moves: tuple[tuple[Path, Path], ...]
    absent: tuple[Path, ...]


class Store:
    """Write inside `writing()` only."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._live = directory / "live"
        self._stale = directory / "stale"
        self._tmp = directory / "tmp"
        self._serial = 0
        self.was_unfinished = False

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Alone among all writers below the same root; what a writer that was killed left is cleared away."""
        with locked(self.directory.parent):
            _make_directory(self.directory)
            self._clear()
            self.was_unfinished = (self.directory / UNFINISHED_NAME).exists()
            try:
                yield
            finally:
                self._clear()

    def stage(self, file: File, path: str) -> Staged:
        """Writes it to tmp/, to lie at `path` later. Raises OSError where the disk is full."""
        twins = compress(file.body, file.content_type)
        written_at = max(int(time.time()), _modified_at(self._live / path) + 1)
        entry = describe(file, path=path, encodings=tuple(twins), written_at=written_at)
        moves = self._write(self._live / path, {"": file.body} | twins, entry.written_at)
        if file.stale is not None:
            # Twins where the live file has them and nowhere else: they are moved over those.
            made = {"": file.stale} | compress_always(file.stale)
            chosen = {name: body for name, body in made.items() if not name or name in twins}
            moves += self._write(self._stale / path, chosen, entry.stale_written_at)
        places = {_beside(root / path, name) for root in (self._live, self._stale) for name in VARIANTS}
        return Staged(file.address, entry, tuple(moves), tuple(places - {place for _made, place in moves}))

    def discard(self, staged: Iterable[Staged]) -> None:
        for one in staged:
            for made, _place in one.moves:
                made.unlink(missing_ok=True)

    def commit(self, staged: Sequence[Staged]) -> None:
        """Puts them in their places, and returns when they would survive a power cut."""
        if staged:
            (self.directory / UNFINISHED_NAME).touch()
        _sync(made for one in staged for made, _place in one.moves)
        touched: set[Path] = set()
        for one in staged:
            for made, place in one.moves:
                touched |= _make_directory(place.parent)
                made.replace(place)
            for place in one.absent:
                place.unlink(missing_ok=True)
        _sync(touched)

    def remove(self, entry: Entry) -> None:
        for root in (self._live, self._stale):
            for name in VARIANTS:
                _beside(root / entry.path, name).unlink(missing_ok=True)
            _remove_empty_folders((root / entry.path).parent, below=root)

    def holds(self, entry: Entry) -> bool:
        """Is the file still the one that was written? Not after the watchdog or a killed writer were at it."""
        return _modified_at(f"{self._live}/{entry.path}") == entry.written_at

    def read_manifest(self) -> Manifest:
        """An empty one where there is none, or none that can be read."""
        try:
            return read_manifest(self.directory)
        except FileNotFoundError:
            return Manifest()
        except ValueError:
            logger.exception("all of %s is published anew", self.directory.name)
            self.was_unfinished = True
            return Manifest()

    def write_manifest(self, manifest: Manifest) -> None:
        """And removes, once everything is there, what a writer that did not come to its end left in live/."""
        made = self._new_file(manifest.to_json())
        _sync([made])
        made.replace(self.directory / MANIFEST_NAME)
        _sync([self.directory])
        remember(self.directory, manifest)
        if manifest.is_complete:
            if self.was_unfinished:
                self._sweep(manifest)
            (self.directory / UNFINISHED_NAME).unlink(missing_ok=True)

    def beat(self, now: datetime) -> None:
        """Its modification time is the real clock's; inside stands the instant of what was published."""
        made = self._new_file(f"{now.isoformat()}\n".encode())
        made.replace(self.directory / HEARTBEAT_NAME)

    def _write(self, place: Path, variants: dict[str, bytes], written_at: int) -> list[tuple[Path, Path]]:
        moves = []
        for name, body in variants.items():
            made = self._new_file(body)
            os.utime(made, (written_at, written_at))
            moves.append((made, _beside(place, name)))
        return moves

    def _new_file(self, body: bytes) -> Path:
        self._serial += 1
        path = self._tmp / str(self._serial)
        with path.open("xb") as made:
            os.fchmod(made.fileno(), FILE_MODE)
            made.write(body)
        return path

    def _sweep(self, manifest: Manifest) -> None:
        listed = {_beside(self._live / e.path, name) for e in manifest.files.values() for name in VARIANTS}
        listed |= {_beside(self._stale / e.path, name) for e in manifest.files.values() for name in VARIANTS}
        for root in (self._live, self._stale):
            for path in [path for path in root.rglob("*") if path.is_file() and path not in listed]:
                path.unlink()
                _remove_empty_folders(path.parent, below=root)

    def _clear(self) -> None:
        _make_directory(self._tmp)
        for entry in os.scandir(self._tmp):
            Path(entry.path).unlink()


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Waits until no other process writes below `root`; a writer's death ends its lock."""
    _make_directory(root)
    with (root / LOCK_NAME).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def close_to_others(root: Path) -> None:
    """No other user of the machine may look into it, a web server neither."""
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(OWN_MODE)


def purge(root: Path, *, keep: Iterable[str]) -> list[str]:
    """Removes the directories of all other hosts below `root`; answers their names."""
    kept = set(keep)
    if all(path.name in kept for path in _directories(root)):
        return []
    with locked(root):
        gone = [path for path in _directories(root) if path.name not in kept]
        for path in gone:
            # At once and not file by file; a name with a dot is no host.
            hidden = path if path.name.startswith(".") else path.rename(root / f".{path.name}")
            shutil.rmtree(hidden)
    return sorted(path.name for path in gone)


def _directories(root: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return [Path(entry.path) for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)]
    return []


def describe(file: File, *, path: str, encodings: tuple[str, ...], written_at: int) -> Entry:
    return Entry(
        path=path,
        content_type=file.content_type,
        language=file.language,
        status=file.status,
        digest=_digest(file.body),
        stale_digest="" if file.stale is None else _digest(file.stale),
        encodings=encodings,
        written_at=written_at,
    )


def is_unchanged(file: File, old: Entry) -> bool:
    described = describe(file, path=old.path, encodings=old.encodings, written_at=old.written_at)
    return described == old


def _beside(path: Path, variant: str) -> Path:
    """The file itself, or its compressed twin."""
    return path.with_name(f"{path.name}.{variant}") if variant else path


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _modified_at(path: Path | str) -> int:
    """In whole seconds; 0 where there is none."""
    try:
        return int(os.stat(path).st_mtime)  # noqa: PTH116 - of thousands of files, in every turn
    except FileNotFoundError:
        return 0


def _make_directory(path: Path) -> set[Path]:
    """The directory, and those that its making has changed."""
    if path.is_dir():
        return {path}
    changed = _make_directory(path.parent)
    path.mkdir(exist_ok=True)
    path.chmod(DIRECTORY_MODE)
    return changed | {path}


def _remove_empty_folders(path: Path, *, below: Path) -> None:
    while path != below and path.is_relative_to(below):
        try:
            path.rmdir()
        except OSError:  # not empty, or never there
            return
        path = path.parent


def _sync(paths: Iterable[Path]) -> None:
    """Files or directories, all to the disk."""
    with ThreadPoolExecutor(SYNC_THREADS) as pool:
        for _ in pool.map(_sync_one, paths):
            pass


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
