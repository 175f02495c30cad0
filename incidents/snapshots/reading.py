"""What was published, read back from a page's directory. Knows neither Django nor tables."""

import os
import time
from pathlib import Path

from incidents.snapshots.manifest import Entry, read_manifest
from incidents.snapshots.source import File
from incidents.snapshots.store import HEARTBEAT_NAME

STALE_SECONDS = 120.0
"""After so long without a heartbeat nobody knows any more how things are."""


def read_file(directory: Path, address: str) -> File | None:
    """As it is shown now: the stale twin where the publisher has stopped. None where it is not published,
    or is being written at this moment."""
    try:
        entry = read_manifest(directory).files.get(address)
        is_stale = time.time() - (directory / HEARTBEAT_NAME).stat().st_mtime > STALE_SECONDS
    except (FileNotFoundError, ValueError):
        return None
    variants = (
        read_variants(directory, entry, is_stale=is_stale and bool(entry.stale_digest)) if entry else None
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
