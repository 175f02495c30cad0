"""Texts in several languages: one first, the others beside it where someone wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Said:
    """A text, and the language it is really in."""

    text: str
    language: str


def said(text: str, texts: Texts, *, field: str, language: str, first: str) -> Said:
    """`field` in the language asked for; where nobody wrote it, `text`, which is in the `first` language."""
    if language == first or not text:
        return Said(text, language)
    written = texts.get(language, {}).get(field, "")
    return Said(written, language) if written else Said(text, first)


def said_by(row: Any, field: str, *, language: str, first: str) -> Said:
    """A field of a row that keeps its texts in other languages in `texts`."""
    return said(getattr(row, field), row.texts, field=field, language=language, first=first)
