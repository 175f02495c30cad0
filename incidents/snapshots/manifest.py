"""The list of what lies in a page's directory, and what each file was made from. Knows neither Django nor tables."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One published file.

    `written_at` is the modification time of the file and of its compressed twins, in whole seconds: it
    grows with each version of a path, so that it tells whether what is read belongs together. The stale
    twin's is a second later.
    """

    path: str
    content_type: str
    language: str
    status: int
    sha256: str
    stale_sha256: str
    """Empty where the file has no stale twin: it does not say how things are now."""
    encodings: tuple[str, ...]
    written_at: int

    @property
    def stale_written_at(self) -> int:
        return self.written_at + 1


@dataclass(frozen=True, slots=True)
class Made:
    """What a source was when its files were rendered, and when (seconds since 1970).

    `late_since` is since when it waits to be rendered anew, or fails to be; 0 where it does not.
    """

    key: str
    addresses: tuple[str, ...]
    made_at: int
    late_since: int = 0


@dataclass(frozen=True)
class Manifest:
    """`is_complete` is false while an address of the page was never published."""

    seq: int = 0
    generated_at: str = ""
    is_complete: bool = False
    sources: dict[str, Made] = field(default_factory=dict)
    files: dict[str, Entry] = field(default_factory=dict)

    def says_the_same_as(self, other: "Manifest") -> bool:
        """Apart from when it was said."""
        return replace(self, seq=other.seq, generated_at=other.generated_at) == other

    def to_json(self) -> bytes:
        fields = {
            "seq": self.seq,
            "generated_at": self.generated_at,
            "is_complete": self.is_complete,
            "sources": {name: asdict(made) for name, made in self.sources.items()},
            "files": {address: asdict(entry) for address, entry in self.files.items()},
        }
        return json.dumps(fields, separators=(",", ":")).encode()


def read_manifest(directory: Path) -> Manifest:
    """Raises FileNotFoundError where nothing was published; ValueError for what is no manifest of ours."""
    try:
        manifest = _parse(json.loads((directory / MANIFEST_NAME).read_bytes()))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{directory / MANIFEST_NAME} is no manifest: {error!r}") from error
    if not all(manifest.files.keys() >= set(made.addresses) for made in manifest.sources.values()):
        raise ValueError(f"{directory / MANIFEST_NAME} lists sources without their files")
    return manifest


def _parse(found: dict[str, Any]) -> Manifest:
    return Manifest(
        seq=found["seq"],
        generated_at=found["generated_at"],
        is_complete=found["is_complete"],
        sources={n: Made(**{**m, "addresses": tuple(m["addresses"])}) for n, m in found["sources"].items()},
        files={a: Entry(**{**e, "encodings": tuple(e["encodings"])}) for a, e in found["files"].items()},
    )
