"""What one edition of a report says otherwise than another: words, by the part of the report that holds them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from incidents.lib.plain_text import plain
from incidents.reports.document import Document
from incidents.reports.words import name_headings, show_period, show_title, stamp_entries

Kind = Literal["same", "added", "removed"]

# Words, and of what has no spaces runs of one script; hiragana one by one, since endings change.
_TOKEN = re.compile(r"[A-Za-z0-9_.:/-]+|[ァ-ヶー]+|[一-龠々〆]+|\s+|.", re.DOTALL)
_ALIKE = 0.3
"""Lines less alike than this are shown whole: their common letters say nothing."""


@dataclass(frozen=True)
class Piece:
    kind: Kind
    text: str


@dataclass(frozen=True)
class Part:
    """A part of the report in which something differs; `heading` "" is what stands before the first heading.
    Of its lines only those that differ, each as pieces."""

    heading: str
    lines: tuple[tuple[Piece, ...], ...]


def compare(old: Document, new: Document) -> tuple[Part, ...]:
    """In the order of the report; the dates of issue and revision aside, and the names that sign."""
    headings = {"head": "", **name_headings(new)}
    parts = (
        Part(headings[name], tuple(_compare_lines(_lines(old, name), _lines(new, name)))) for name in headings
    )
    return tuple(part for part in parts if part.lines)


def _lines(document: Document, name: str) -> list[str]:
    if name == "head":
        opening = plain(document.opening).split("\n")
        return [document.organisation, show_title(document), *filter(None, opening)]
    if name == "period":
        return ["".join(show_period(document))]
    if name == "timeline":
        return [f"{stamp} {entry.text}" for entry, stamp in stamp_entries(document)]
    return [line for line in plain(getattr(document, name)).split("\n") if line]


def _compare_lines(old: list[str], new: list[str]) -> Iterator[tuple[Piece, ...]]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        paired = min(i2 - i1, j2 - j1)
        for before, after in zip(old[i1 : i1 + paired], new[j1 : j1 + paired], strict=True):
            yield from _compare_words(before, after)
        yield from ((Piece("removed", line),) for line in old[i1 + paired : i2])
        yield from ((Piece("added", line),) for line in new[j1 + paired : j2])


def _compare_words(old: str, new: str) -> Iterator[tuple[Piece, ...]]:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        yield (Piece("removed", old),)
        yield (Piece("added", new),)
        return
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(before[i1:i2])))
            continue
        pieces += [Piece("removed", "".join(before[i1:i2]))] if i1 < i2 else []
        pieces += [Piece("added", "".join(after[j1:j2]))] if j1 < j2 else []
    yield tuple(pieces)
