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
    written = "" if language == first else texts.get(language, {}).get(field, "")
    return Said(text, first) if text and not written else Said(written, language)


def said_by(row: Any, field: str, *, language: str, first: str) -> Said:
    """A field of a row that keeps its texts in other languages in `texts`."""
    return said(getattr(row, field), row.texts, field=field, language=language, first=first)


def in_language(view: View, fields: Iterable[str], language: str) -> View:
    """The same value with these fields in another language; it knows its `texts` and its `first_language`,
    in which it was made.

    In `fallbacks` stands each field that nobody wrote in that language, with the one it is in instead.
    """
    first = view.first_language
    made_in = {name: getattr(view, name) for name in fields} | dict(view.texts.get(first, {}))
    told = {
        name: said(made_in[name], view.texts, field=name, language=language, first=first) for name in fields
    }
    return replace(
        view,
        **{name: one.text for name, one in told.items()},
        fallbacks={name: one.language for name, one in told.items() if one.language != language},
        texts={**view.texts, first: made_in},
    )
