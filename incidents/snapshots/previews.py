"""The pictures that chats and mails show beside a link to the page."""

from collections.abc import Iterator
from functools import partial

from incidents.snapshots.preview_drawing import DRAWINGS, draw
from incidents.snapshots.site import Site
from incidents.snapshots.source import File, Source

PNG = "image/png"


def sources(site: Site) -> Iterator[Source]:
    """Of each state an address of its own: who shows links keeps the pictures."""
    for state in DRAWINGS:
        address = f"/previews/{state}.png"
        yield Source(f"preview:{state}", "", (address,), partial(_files, address, state))


def _files(address: str, state: str) -> list[File]:
    return [File(address, draw(state), PNG)]
