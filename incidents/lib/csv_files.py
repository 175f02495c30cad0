"""Files of rows under a header, as spreadsheets save them: in UTF-8, with or without its mark, or as Japanese
Excel does in CP932. Read as a stream; what is wrong is told by line."""

import codecs
import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO

from incidents.lib.cells import unescape

ENCODINGS = ("utf-8-sig", "cp932")
LONGEST_CELL = 10_000
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLOCK = 1 << 16
# Bytes that mean nothing in CP932, which Python nevertheless reads.
_NO_CP932 = frozenset("\x80\uf8f0\uf8f1\uf8f2\uf8f3")


class Fault(ValueError):
    """What is wrong in a line, and in which column ("" for the whole line); `str()` is the sentence."""

    def __init__(self, message: str, *, line: int, column: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True)
class Row:
    line: int
    cells: dict[str, str]


def read_rows(
    file: IO[bytes], *, required: Collection[str], optional: Collection[str]
) -> Iterator[Row | Fault]:
    """Each row by the names of the header, its cells stripped; a row that cannot be read comes as its fault.

    Raises Fault where nothing after it could be understood.
    """
    text = io.TextIOWrapper(file, encoding=encoding_of(file), newline="")
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(text, strict=True)
    try:
        names = _read_header(reader, required=required, optional=optional)
        yield from _read_body(reader, names)
    finally:
        text.detach()


def encoding_of(file: IO[bytes]) -> str:
    """Leaves the file at its beginning."""
    faults = []
    for encoding in ENCODINGS:
        file.seek(0)
        fault = _misreads(file, encoding)
        file.seek(0)
        if fault is None:
            return encoding
        faults.append(fault)
    raise Fault("expected text in UTF-8 or CP932 (Shift_JIS)", line=max(faults))


def _misreads(file: IO[bytes], encoding: str) -> int | None:
    """The line in which the file is not of this encoding; None where all of it is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, block = 1, file.read(_BLOCK)
    if block.startswith(_UTF_16):
        return line
    while True:
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        if "\0" in text or (encoding == "cp932" and not _NO_CP932.isdisjoint(text)):
            return line
        if not block:
            return None
        line += block.count(b"\n")
        block = file.read(_BLOCK)


def _read_header(
    reader: Iterator[list[str]], *, required: Collection[str], optional: Collection[str]
) -> list[str]:
    try:
        names = [name.strip().lower() for name in next(reader)]
    except StopIteration:
        raise Fault(f"expected a header with {', '.join(required)}", line=1) from None
    except csv.Error as error:
        raise Fault(f"expected a header: {error}", line=1) from None
    known = ", ".join([*required, *optional])
    for name in names:
        if name not in required and name not in optional:
            raise Fault(f"expected only the columns {known}", line=1, column=name or "(no name)")
        if names.count(name) > 1:
            raise Fault("expected this column once", line=1, column=name)
    for name in required:
        if name not in names:
            raise Fault("expected this column in the header", line=1, column=name)
    return names


def _read_body(reader: "csv._reader", names: list[str]) -> Iterator[Row | Fault]:  # type: ignore[name-defined]
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Fault(f"expected a row of CSV: {error}", line=line) from None
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            yield Fault(f"expected {len(names)} cells as in the header, not {len(cells)}", line=line)
        else:
            plain = (unescape(cell).strip() for cell in cells)
            yield Row(line, dict(zip(names, plain, strict=True)))
