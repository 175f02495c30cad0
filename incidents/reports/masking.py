"""Third parties are named for customers and masked for the public."""

import re
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from incidents.reports.document import TEXTS, Document

_FIGURE_NAME = re.compile(r"(\]\(figure:[^()\s]*)")


def mask_parties(document: Document, parties: Iterable[Mapping[str, str]]) -> Document:
    """Every text with each name replaced by its mask, in whatever case it was typed; the longest name first, so
    that one which another contains does not spoil it."""
    mask = _masker(parties)
    changed: dict[str, Any] = {name: _mask_around_figures(getattr(document, name), mask) for name in TEXTS}
    lines = tuple(replace(line, text=mask(line.text)) for line in document.timeline)
    return replace(document, **changed, subject=mask(document.subject), timeline=lines)


def mask_words(text: str, parties: Iterable[Mapping[str, str]]) -> str:
    """What is told about a report, masked as the report is."""
    return _masker(parties)(text)


def _masker(parties: Iterable[Mapping[str, str]]) -> Callable[[str], str]:
    named = [(party.get("name", "").strip(), party.get("mask", "")) for party in parties]
    ordered = sorted((pair for pair in named if pair[0]), key=lambda pair: -len(pair[0]))
    if not ordered:
        return str
    names = re.compile("|".join(f"({_form_of(name)})" for name, _mask in ordered), re.IGNORECASE)

    def mask(text: str) -> str:
        return names.sub(lambda found: ordered[(found.lastindex or 1) - 1][1], text)

    return mask


def _form_of(name: str) -> str:
    """The name as a pattern: with any space between its words, and with the backslashes that Markdown takes away."""
    return "".join(_form_of_character(character) for character in name)


def _form_of_character(character: str) -> str:
    if character.isspace():
        return r"\s+"
    return rf"\\?{re.escape(character)}" if character in string.punctuation else re.escape(character)


def _mask_around_figures(text: str, mask: Callable[[str], str]) -> str:
    """By its name a figure is found: it stays. Readers see its file's name nowhere."""
    pieces = _FIGURE_NAME.split(text)
    return "".join(piece if place % 2 else mask(piece) for place, piece in enumerate(pieces))
