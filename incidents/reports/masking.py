"""Third parties are named for customers and masked for the public."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from incidents.lib.plain_text import escape
from incidents.reports.document import TEXTS, Document

UNNAMED = "***"
_FIGURE_NAME = re.compile(r"(\]\(figure:[^()\s]*)")


def mask_parties(document: Document, parties: Iterable[Mapping[str, str]]) -> Document:
    """Every text with each name replaced by its mask, in whatever case it was typed; the longest name first, so
    that one which another contains does not spoil it."""
    masks = {
        form.casefold(): party["mask"]
        for party in parties
        if party.get("name", "").strip()
        for form in (party["name"].strip(), escape(party["name"].strip()))
    }
    if not masks:
        return document
    names = re.compile("|".join(map(re.escape, sorted(masks, key=len, reverse=True))), re.IGNORECASE)

    def mask(text: str) -> str:
        return names.sub(lambda found: masks.get(found[0].casefold(), UNNAMED), text)

    changed: dict[str, Any] = {name: _mask_around_figures(getattr(document, name), mask) for name in TEXTS}
    lines = tuple(replace(line, text=mask(line.text)) for line in document.timeline)
    return replace(document, **changed, subject=mask(document.subject), timeline=lines)


def _mask_around_figures(text: str, mask: Callable[[str], str]) -> str:
    """By its name a figure is found: it stays. Readers see its file's name nowhere."""
    pieces = _FIGURE_NAME.split(text)
    return "".join(piece if place % 2 else mask(piece) for place, piece in enumerate(pieces))
