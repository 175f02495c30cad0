"""Texts in several languages: one first, the others beside it where someone wrote them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

Texts = Mapping[str, Mapping[str, str]]
View = TypeVar("View", bound=Any)


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


def in_language(view: View, fields: Iterable[str], language: str) -> View:
    """The same value with these fields in another language; it knows its `texts` and its `first_language`.

    In `fallbacks` stands each field that nobody wrote in that language, with the one it is in instead.
    """
    told = {name: said_by(view, name, language=language, first=view.first_language) for name in fields}
    fallbacks = {name: one.language for name, one in told.items() if one.language != language}
    return replace(view, **{name: one.text for name, one in told.items()}, fallbacks=fallbacks)
