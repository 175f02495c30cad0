"""Cells of CSV files that people open in a spreadsheet, where a text may otherwise be run as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

# What spreadsheets take for the beginning of a formula (ASVS 1.2.10); the full-width ones in Japanese ones.
_FORMULA = "[=+\\-@\t\r\n\0＝＋－＠]"
_TO_ESCAPE = re.compile(f"'*{_FORMULA}")
_ESCAPED = re.compile(f"''*{_FORMULA}")
BOM = "\ufeff"


def escape(text: str) -> str:
    """With an apostrophe before what would be a formula, and before what `unescape` would otherwise change."""
    return f"'{text}" if _TO_ESCAPE.match(text) else text


def unescape(cell: str) -> str:
    """The text that `escape` was given."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def write_rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a file, each as soon as its row is there; the mark at its head tells Excel that it is UTF-8."""
    yield BOM + _line(header)
    for row in rows:
        yield _line([escape(cell) for cell in row])


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
