"""The list of what lies in a page's directory, and what each file was made from. Knows neither Django nor tables."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

MANIFEST_NAME = "manifest.json"


class Entry(NamedTuple):
    """One published file.

    `written_at` is the modification time of the file and of its compressed twins, in whole seconds: it
    grows with each version of a path, so that it tells whether what is read belongs together. The stale
    twin's is a second later. `stale_digest` is empty where the file has no stale twin: it does not say how
    things are now.
    """

    path: str
    content_type: str
    language: str
    status: int
    digest: str
    stale_digest: str
    encodings: tuple[str, ...]
    written_at: int

    @property
    def stale_written_at(self) -> int:
        return self.written_at + 1


class Made(NamedTuple):
    """What a source was when its files were rendered, and when (seconds since 1970).

    `key` is empty where it waits to be rendered anew, or failed to be, and `late_since` is since when.
    """

    key: str
    addresses: tuple[str, ...]
    made_at: int
    late_since: int = 0


@dataclass(frozen=True)
class Manifest:
    """`is_complete` is false while an address of the page was never published. Whoever reads one shares it."""

    seq: int = 0
    generated_at: str = ""
    is_complete: bool = False
    sources: dict[str, Made] = field(default_factory=dict)
    files: dict[str, Entry] = field(default_factory=dict)

    def says_the_same_as(self, other: "Manifest") -> bool:
        """Apart from when it was said."""
        return replace(self, seq=other.seq, generated_at=other.generated_at) == other

    def to_json(self) -> bytes:
        """Rows instead of objects: there are thousands, and they are written with each change."""
        said = vars(self) | {"source": Made._fields, "file": Entry._fields}
        return json.dumps(said, separators=(",", ":")).encode()


_known: dict[Path, tuple[tuple[int, int], Manifest]] = {}
"""The last one of each directory, with the version of its file."""


def read_manifest(directory: Path) -> Manifest:
    """Raises FileNotFoundError where nothing was published; ValueError for what is no manifest of ours."""
    version = version_of(directory)
    known = _known.get(directory)
    if known is None or known[0] != version:
        known = _known[directory] = (version, _read(directory / MANIFEST_NAME))
    return known[1]


def remember(directory: Path, manifest: Manifest) -> None:
    """Whoever has just written it need not read it again."""
    _known[directory] = (version_of(directory), manifest)


def version_of(directory: Path) -> tuple[int, int]:
    found = (directory / MANIFEST_NAME).stat()
    return found.st_mtime_ns, found.st_ino


def _read(path: Path) -> Manifest:
    try:
        manifest = _parse(json.loads(path.read_bytes()))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no manifest: {error!r}") from error
    if not all(manifest.files.keys() >= set(made.addresses) for made in manifest.sources.values()):
        raise ValueError(f"{path} lists sources without their files")
    return manifest


def _parse(found: dict[str, Any]) -> Manifest:
    if (tuple(found["source"]), tuple(found["file"])) != (Made._fields, Entry._fields):
        raise ValueError("a manifest of another release")
    return Manifest(
        seq=found["seq"],
        generated_at=found["generated_at"],
        is_complete=found["is_complete"],
        sources={name: Made(row[0], tuple(row[1]), *row[2:]) for name, row in found["sources"].items()},
        files={
            address: Entry._make([*row[:6], tuple(row[6]), row[7]]) for address, row in found["files"].items()
        },
    )
