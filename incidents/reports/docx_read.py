"""The words of a Word edition, also after somebody edited it, laid out as the text edition."""

import io
import re
from collections.abc import Iterator
from zipfile import BadZipFile, ZipFile

import docx
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from incidents.lib.errors import Refused
from incidents.reports.docx_lists import Lists, find_style, read_styles
from incidents.reports.hea_headings import find_heading
from incidents.reports.words import BLOCKS, TITLE, WORDS

MAX_BYTES = 30 * 1024 * 1024
MAX_UNPACKED_BYTES = 80 * 1024 * 1024
MAX_WORDS_BYTES = 10 * 1024 * 1024
MAX_PARTS = 1000
_OLE = b"\xd0\xcf\x11\xe0"  # what begins a file of Word before 2007, and one with a password

_BREAKS = {qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:tab"): "\t", qn("w:noBreakHyphen"): "-"}
# Deleted text, drawings with their text boxes, and the twin of what stands beside it.
_UNREAD = {
    *(qn(f"w:{tag}") for tag in ("del", "moveFrom", "pPr", "rPr", "drawing", "pict", "object", "instrText")),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent",
}
_MARK = re.compile(r"((?:(?:-|\d+\.) )*(?:-|\d+\.))\t")
_ITEM = re.compile(r"(?:-|\d+\.) ")
_TIMELINE = BLOCKS.index("timeline")


def read_docx(data: bytes) -> str:
    """The words, for hea.read: headings, paragraphs, list marks and the rows of tables, in their order; not
    letterhead, names and captions. Refused for what is no Word file, is locked, or would unpack to too much.
    """
    if data.startswith(_OLE):
        raise Refused("expected a Word file as .docx, without a password")
    if len(data) > MAX_BYTES:
        raise Refused(f"expected a Word file of at most {MAX_BYTES // 1024 // 1024} MB")
    _check_parts(data)
    try:
        return "\n".join(_Reader(docx.Document(io.BytesIO(data))).read()).strip() + "\n"
    except Exception:  # the parser raises whatever it stumbles over
        raise Refused("expected a Word file that can be read: this one is damaged") from None


def _check_parts(data: bytes) -> None:
    """Nothing is unpacked before its stated size is known; the unpacker stops there, whatever follows."""
    try:
        with ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
    except (BadZipFile, ValueError, NotImplementedError):
        raise Refused("expected a Word file as .docx") from None
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("expected a Word file as .docx, without a password")
    written = [part.file_size for part in parts if part.filename.endswith((".xml", ".rels"))]
    total = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or total > MAX_UNPACKED_BYTES or sum(written) > MAX_WORDS_BYTES:
        raise Refused("expected a Word file that does not unpack to more than a report")


class _Reader:
    def __init__(self, file: docx.document.Document) -> None:
        self.body = file.element.body
        self.styles = read_styles(file)
        self.lists = Lists(file, self.styles)
        self.block: int | None = None

    def read(self) -> Iterator[str]:
        """The blocks, each after a blank line but for the title and for items of a list that follow closely."""
        is_close = is_title = False
        for element in _walk(self.body):
            is_table = element.tag == qn("w:tbl")
            text = self._read_table(element) if is_table else self._read_paragraph(element)
            if text.strip():
                yield text if is_title or (is_close and _ITEM.match(text)) else f"\n{text}"
                is_title = text == TITLE
                is_close = not is_table and _has_no_space_after(element)

    def _read_paragraph(self, paragraph: BaseOxmlElement) -> str:
        style = self.styles.get(find_style(paragraph))
        text = _MARK.sub(r"\1 ", "".join(_words(paragraph)), count=1)
        if not text.strip() or (style and style.name == "caption"):
            return ""
        self._note_heading(text.strip())
        return self.lists.mark(paragraph) + text

    def _note_heading(self, line: str) -> None:
        for language in WORDS:
            place = find_heading(line, language)
            self.block = self.block if place is None else place

    def _read_table(self, table: BaseOxmlElement) -> str:
        rows = [[_cell(cell) for cell in row.findall(qn("w:tc"))] for row in table.findall(qn("w:tr"))]
        if rows and _is_signatures(rows[0]):
            return ""
        if self.block == _TIMELINE:
            return "\n".join("\t".join(cells) for cells in rows)
        return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _has_no_space_after(paragraph: BaseOxmlElement) -> bool:
    spacing = paragraph.find(f"{qn('w:pPr')}/{qn('w:spacing')}")
    return spacing is not None and spacing.get(qn("w:after")) == "0"


def _is_signatures(cells: list[str]) -> bool:
    roles = {role for words in WORDS.values() for role in words.roles.values()}
    return bool(cells) and roles.issuperset(cells)


def _walk(body: BaseOxmlElement) -> Iterator[BaseOxmlElement]:
    for element in body:
        if element.tag in (qn("w:p"), qn("w:tbl")):
            yield element
        elif element.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml")):
            yield from _walk(element)


def _cell(cell: BaseOxmlElement) -> str:
    """On one line."""
    lines = ("".join(_words(element)) for element in _walk(cell))
    return " ".join(" ".join(lines).split("\n")).strip()


def _words(element: BaseOxmlElement) -> Iterator[str]:
    for part in element:
        if part.tag == qn("w:t"):
            yield part.text or ""
        elif part.tag in _BREAKS:
            yield _BREAKS[part.tag]
        elif part.tag not in _UNREAD:
            yield from _words(part)
