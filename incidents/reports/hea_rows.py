"""The lines of a text edition, numbered, and the six blocks that they make."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from incidents.lib.errors import Refused
from incidents.lib.plain_text import clean
from incidents.reports.document import Language
from incidents.reports.hea_dates import DateError
from incidents.reports.hea_headings import find_heading
from incidents.reports.words import BLOCKS, WORDS, name_zone


class ReportSyntaxError(Refused):
    """`line`, from 1, is not what the format has there; `str()` says what was expected."""

    def __init__(self, line: int, expected: str) -> None:
        super().__init__(expected)
        self.line = line


@dataclass(frozen=True)
class Row:
    number: int
    text: str

    def refuse(self, expected: str) -> NoReturn:
        raise ReportSyntaxError(self.number, expected)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Gives an impossible date or time inside the block this line's number."""
        try:
            yield
        except DateError as error:
            self.refuse(str(error))


@dataclass(frozen=True)
class Block:
    """A heading and the rows under it, blank ones included."""

    heading: Row
    rows: tuple[Row, ...]

    @property
    def text(self) -> str:
        """Line n of the text is row n of the block."""
        return "\n".join(row.text for row in self.rows)

    @property
    def filled(self) -> list[Row]:
        return [row for row in self.rows if row.text]


def split_rows(text: str) -> list[Row]:
    lines = clean(text.removeprefix("\ufeff")).split("\n")
    return [Row(number, line.strip()) for number, line in enumerate(lines, 1)]


def split_blocks(rows: Sequence[Row], *, title: Row, end: Row, language: Language) -> dict[str, Block]:
    """The blocks by their names in BLOCKS, each heading once and in its place; `opening` is what
    stands under the title, before the first.
    """
    headings = [
        f"■ {heading.format(zone=name_zone('Asia/Tokyo', language))}" for heading in WORDS[language].headings
    ]
    starts: list[int] = []
    for index, row in enumerate(rows):
        place = find_heading(row.text, language)
        if place is None:
            continue
        if place < len(starts):
            row.refuse(f"the heading {headings[place]} only once, in its place")
        if place > len(starts):
            row.refuse(headings[len(starts)])
        starts.append(index)
    if len(starts) < len(headings):
        end.refuse(headings[len(starts)])
    ends = [*starts[1:], len(rows)]
    opening = Block(title, tuple(rows[: starts[0]]))
    return {"opening": opening} | {
        name: Block(rows[start], tuple(rows[start + 1 : stop]))
        for name, start, stop in zip(BLOCKS, starts, ends, strict=True)
    }
