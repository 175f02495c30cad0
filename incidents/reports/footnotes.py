"""Footnotes: a marker `(*1)` in the flow and the note that begins a later line with it.

Numbers run over all sections of a report, in the order of first use.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MARKER = re.compile(r"\(\\?\*([1-9][0-9]{0,2})\)")
_NOTE = re.compile(r"[ \t]*\(\\?\*([1-9][0-9]{0,2})\)(?:[ \t]+|$)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]+\.)[ \t]")


@dataclass(frozen=True)
class Note:
    number: int
    text: str


def find_markers(section: str) -> Iterator[tuple[int, int]]:
    """(line from 1, number) of each marker that is not the beginning of its note."""
    for place, line in enumerate(section.split("\n"), 1):
        note = _NOTE.match(line)
        for marker in _MARKER.finditer(line, note.end() if note else 0):
            yield place, int(marker[1])


def find_notes(section: str) -> Iterator[tuple[int, int]]:
    """(line from 1, number) of each note's first line."""
    for place, line in enumerate(section.split("\n"), 1):
        if note := _NOTE.match(line):
            yield place, int(note[1])


def read_notes(section: str) -> Iterator[Note]:
    """Each note with the blocks that belong to it: up to the next note, list item or end of section."""
    number, lines = 0, list[str]()
    for line in section.split("\n"):
        note = _NOTE.match(line)
        if number and (note or _ITEM.match(line)):
            yield Note(number, "\n".join(lines).strip())
            number = 0
        if note:
            number, lines = int(note[1]), [line[note.end() :]]
        elif number:
            lines.append(line)
    if number:
        yield Note(number, "\n".join(lines).strip())


def renumber_footnotes(sections: Sequence[str]) -> tuple[str, ...]:
    """The sections, in the report's order, with markers and notes numbered from 1 by first use."""
    used = [number for section in sections for _, number in find_markers(section)]
    noted = [number for section in sections for _, number in find_notes(section)]
    numbers = {str(old): new for new, old in enumerate(dict.fromkeys(used + noted), 1)}
    return tuple(_MARKER.sub(lambda marker: f"(*{numbers[marker[1]]})", section) for section in sections)


def forget_numbers(section: str) -> str:
    """The same for two texts that differ in nothing but the numbers of their footnotes."""
    return _MARKER.sub("(*)", section)


def follow_numbers(text: str, *, base: str, current: str, others: Sequence[str]) -> str:
    """`text`, written from `base`, with the numbers that its footnotes have by now.

    `current` is `base` as it stands, perhaps numbered anew since. A note that is new in `text` under a number
    that another note has by now gets a free one.
    """
    moved = dict(zip(_all_numbers(base), _all_numbers(current), strict=False))
    taken = {number for section in (current, *others) for number in _all_numbers(section)}
    noted = {number for section in (current, *others) for _, number in find_notes(section)}
    for _, number in find_notes(text):
        if number not in moved and number in noted:
            moved[number] = max(taken, default=0) + 1
            taken.add(moved[number])
    return _MARKER.sub(lambda marker: f"(*{moved.get(int(marker[1]), int(marker[1]))})", text)


def settle_footnotes(sections: Sequence[str]) -> tuple[str, ...]:
    """The sections numbered by first use; as they are while a marker or a note lacks its other, as it does in
    the middle of moving a paragraph: numbers given then would part what belongs together."""
    return tuple(sections) if any(find_unmatched(sections)) else renumber_footnotes(sections)


def keep_apart(sections: Sequence[str], *, borrowed: Sequence[bool]) -> tuple[str, ...]:
    """Sections of which some are `borrowed` from another language, where they were numbered for themselves:
    numbered anew, so that no note of theirs has the number of another."""
    lent = [text for text, is_lent in zip(sections, borrowed, strict=True) if is_lent]
    own = [text for text, is_lent in zip(sections, borrowed, strict=True) if not is_lent]
    if any(find_unmatched(lent)) or any(find_unmatched(own)):
        return tuple(sections)
    most = max((number for text in own for number in _all_numbers(text)), default=0)
    if not most or not any(map(_all_numbers, lent)):
        return tuple(sections)

    def move(text: str) -> str:
        return _MARKER.sub(lambda marker: f"(*{int(marker[1]) + most})", text)

    pairs = zip(sections, borrowed, strict=True)
    return renumber_footnotes([move(text) if is_lent else text for text, is_lent in pairs])


def _all_numbers(section: str) -> list[int]:
    return [int(marker[1]) for marker in _MARKER.finditer(section)]


def find_unmatched(sections: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(index of the section, what was expected) for each marker or note without its other, and twin notes."""
    for index, _, problem in locate_unmatched(sections):
        yield index, problem


def locate_unmatched(sections: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """As `find_unmatched`, with the line inside the section, from 1."""
    markers = [(index, *found) for index, text in enumerate(sections) for found in find_markers(text)]
    notes = [(index, *found) for index, text in enumerate(sections) for found in find_notes(text)]
    marked, noted = {number for *_, number in markers}, {number for *_, number in notes}
    for index, place, number in markers:
        if number not in noted:
            yield index, place, f"a note that begins (*{number}) for the marker (*{number})"
    seen = set[int]()
    for index, place, number in notes:
        if number not in marked:
            yield index, place, f"a marker (*{number}) for the note (*{number})"
        if number in seen:
            yield index, place, f"one note (*{number}), not two"
        seen.add(number)
