"""What was published, read back from a page's directory. Knows neither Django nor tables."""

import os
import time
from functools import lru_cache
from pathlib import Path

from incidents.snapshots.manifest import MANIFEST_NAME, Entry, Manifest, read_manifest
from incidents.snapshots.source import File
from incidents.snapshots.store import HEARTBEAT_NAME

STALE_SECONDS = 120.0
"""After so long without a heartbeat nobody knows any more how things are."""


def read_file(directory: Path, address: str) -> File | None:
    """As it is shown now: the stale twin where the publisher has stopped. None where it is not published,
    or is being written at this moment."""
    try:
        entry = _manifest_of(directory).files.get(address)
        is_stale = time.time() - (directory / HEARTBEAT_NAME).stat().st_mtime > STALE_SECONDS
    except (FileNotFoundError, ValueError):
        return None
    variants = (
        read_variants(directory, entry, is_stale=is_stale and bool(entry.stale_sha256)) if entry else None
    )
    if entry is None or variants is None:
        return None
    return File(address, variants[""], entry.content_type, status=entry.status, language=entry.language)


def read_variants(directory: Path, entry: Entry, *, is_stale: bool) -> dict[str, bytes] | None:
    """The file and its twins by their endings; None unless all are of the version that the entry tells of."""
    if not is_stale:
        return _read_all(directory / "live" / entry.path, entry.encodings, entry.written_at)
    for place in ("stale", "live"):  # the second where the watchdog has put it
        found = _read_all(directory / place / entry.path, entry.encodings, entry.stale_written_at)
        if found:
            return found
    return None


def _read_all(path: Path, encodings: tuple[str, ...], written_at: int) -> dict[str, bytes] | None:
    found = {}
    for ending in ("", *encodings):
        try:
            with path.with_name(f"{path.name}.{ending}" if ending else path.name).open("rb") as file:
                if int(os.fstat(file.fileno()).st_mtime) != written_at:
                    return None
                found[ending] = file.read()
        except FileNotFoundError:
            return None
    return found


def _manifest_of(directory: Path) -> Manifest:
    found = (directory / MANIFEST_NAME).stat()
    return _read_manifest(directory, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=8)
def _read_manifest(directory: Path, modified: int, inode: int) -> Manifest:
    """One reading for each version of it."""
    return read_manifest(directory)
