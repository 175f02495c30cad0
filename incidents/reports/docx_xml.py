"""What python-docx has no words for: elements of WordprocessingML set by hand."""

import io
import re
from collections.abc import Sequence

from docx.document import Document as File
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.image.exceptions import UnrecognizedImageError
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph
from docx.text.run import Run as WordRun

from incidents.lib.errors import Refused
from incidents.reports.blocks import Run

MONOSPACED = "Consolas"
_LINK = RGBColor(0x1A, 0x4F, 0x8B)
_LINE = "A6A6A6"
# What XML cannot hold at all: the sign for a lost character stands in its place.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(tag: str, **attributes: str) -> BaseOxmlElement:
    """A `w:` element with `w:` attributes."""
    made = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def add_line(file: File, style: str = "") -> Paragraph:
    """A paragraph in a style that the file is known to have: looking each up takes twice the time of the rest."""
    line = file.add_paragraph()
    if style:
        line._p.style = style.replace(" ", "")
    return line


def close_up(file: File) -> None:
    """Leaves no space under the last paragraph: what follows it is the next line, not the next block."""
    before_the_page_settings = file.element.body[-2]
    if before_the_page_settings.tag == qn("w:p"):
        Paragraph(before_the_page_settings, file._body).paragraph_format.space_after = Pt(0)


def add_run(paragraph: Paragraph, run: Run) -> None:
    made = paragraph.add_run(_NO_XML.sub("\ufffd", run.text))
    if "strong" in run.styles:
        made.bold = True
    if "em" in run.styles:
        made.italic = True
    if "del" in run.styles:
        made.font.strike = True
    if "code" in run.styles:
        made.font.name = MONOSPACED
    if run.link:
        _link(paragraph, made, run.link)


def _link(paragraph: Paragraph, run: WordRun, address: str) -> None:
    run.font.color.rgb = _LINK
    run.underline = True
    link = OxmlElement("w:hyperlink")
    address = _NO_XML.sub("\ufffd", address)
    link.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    link.append(run._r)
    paragraph._p.append(link)


def add_field(paragraph: Paragraph, instruction: str) -> WordRun:
    """A number that the word processor counts, such as PAGE."""
    field = element("fldSimple", instr=instruction)
    paragraph._p.append(field)
    run = paragraph.add_run("1")
    field.append(run._r)
    return run


def set_fonts(properties: BaseOxmlElement, *, latin: str, east_asian: str) -> None:
    """`properties` is the w:rPr of a style or of the defaults."""
    for old in properties.findall(qn("w:rFonts")):
        properties.remove(old)
    properties.insert(0, element("rFonts", ascii=latin, hAnsi=latin, cs=latin, eastAsia=east_asian))


def set_language(properties: BaseOxmlElement) -> None:
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(element("lang", val="en-US", eastAsia="ja-JP", bidi="ar-SA"))


def draw_rule(paragraph: Paragraph) -> None:
    borders = element("pBdr")
    borders.append(element("bottom", val="single", sz="4", space="1", color=_LINE))
    paragraph._p.get_or_add_pPr().append(borders)


def set_borders(table: Table, *, inside: bool) -> None:
    """A grid, or only lines between the rows."""
    borders = element("tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        is_drawn = inside or side in ("top", "bottom", "insideH")
        borders.append(element(side, val="single" if is_drawn else "nil", sz="4", space="0", color=_LINE))
    properties = table._tbl.tblPr
    # Word takes the parts of a table's properties in one order only.
    later = [properties.find(qn(f"w:{tag}")) for tag in ("shd", "tblLayout", "tblCellMar", "tblLook")]
    following = next((part for part in later if part is not None), None)
    if following is None:
        properties.append(borders)
    else:
        following.addprevious(borders)


def set_widths(table: Table, widths: Sequence[Length], *, to_the_right: bool = False) -> None:
    """Fixed columns. Cells say their widths, too: some programs read only those."""
    table.autofit = False
    if to_the_right:
        table.alignment = WD_TABLE_ALIGNMENT.RIGHT
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in table._tbl.tr_lst:
        for cell, width in zip(row.tc_lst, widths, strict=True):
            cell.width = width
        row.get_or_add_trPr().append(element("cantSplit"))


def mark_head(table: Table) -> None:
    """Repeats the first row on each page."""
    table._tbl.tr_lst[0].get_or_add_trPr().append(element("tblHeader"))


def add_picture(paragraph: Paragraph, data: bytes, *, height: Length, alternative: str) -> None:
    """Refused for an image that Word does not take."""
    try:
        shape = paragraph.add_run().add_picture(io.BytesIO(data), height=height)
    except UnrecognizedImageError:
        raise Refused("expected a figure in PNG, JPEG or GIF", field="figures") from None
    shape._inline.docPr.set("descr", alternative)
    for side in ("distT", "distB", "distL", "distR"):
        shape._inline.set(side, "0")
