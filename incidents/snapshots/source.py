"""What can be published: files by their address, and what they are made from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
SVG = "image/svg+xml"
TEXT = "text/plain; charset=utf-8"
CSS = "text/css; charset=utf-8"
PNG = "image/png"


@dataclass(frozen=True)
class File:
    """One answer. `address` is the path it is asked for by, such as "/" or "/en/history".

    `stale` is what stands in its place once publishing has stopped: given for whatever says how things
    are now, and left out for what is history. `language` is that of its text. `status` is 404 for the one
    that answers for unknown paths.
    """

    address: str
    body: bytes
    content_type: str = HTML
    stale: bytes | None = None
    status: int = 200
    language: str = ""


@dataclass(frozen=True)
class Source:
    """Files that are rendered together, anew only when `key` has changed.

    `key` names all that they depend on beside the page's look (its settings, its services' names, the
    release), which the publisher adds. A source that says how old it is has the instant in its key.
    """

    name: str
    key: str
    addresses: tuple[str, ...]
    render: Callable[[], Iterable[File]]
