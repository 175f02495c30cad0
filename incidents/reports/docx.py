"""A document as Word: headings, lists and a table for the timeline, all of whose words are read back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from itertools import zip_longest

import docx
from docx.document import Document as File
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Emu, Mm, Pt
from docx.text.paragraph import Paragraph as Line

from incidents.reports.blocks import (
    Block,
    Code,
    Figure,
    Heading,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Run,
    Table,
    read_blocks,
    split_lines,
)
from incidents.reports.document import SECTIONS, Document
from incidents.reports.docx_package import pack
from incidents.reports.docx_sheet import ITEM, WITHDRAWN, prepare, set_header_and_footer
from incidents.reports.docx_xml import (
    add_line,
    add_picture,
    add_run,
    close_up,
    draw_rule,
    mark_head,
    set_borders,
    set_widths,
)
from incidents.reports.figures import Picture
from incidents.reports.words import (
    NUMBER_LABEL,
    TITLE,
    WORDS,
    name_headings,
    show_date,
    show_period,
    show_revision,
    show_signatures,
    show_title,
    show_withdrawal,
    stamp_entries,
)

_WIDTH = Mm(162)
_HEIGHT = Mm(180)
_STAMP_WIDTH = Mm(38)
_INDENT = Mm(7)
_ALIGNED = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER}
_EMU_PER_PIXEL = 9525  # 96 pixels to the inch


def write(
    document: Document, figures: Mapping[str, Picture], *, render_markdown: Callable[[str], str]
) -> bytes:
    """Refused where a figure is not an image that Word takes."""
    file = docx.Document()
    prepare(file, document)
    set_header_and_footer(file.sections[0], document, figures)
    made = _Writer(file, figures)
    made.write_head(document)
    made.write_blocks(read_blocks(render_markdown(document.opening)))
    for block, heading in name_headings(document).items():
        made.add(f"■ {heading}", "Heading 1")
        if block in SECTIONS:
            made.write_blocks(read_blocks(render_markdown(getattr(document, block))))
        elif block == "period":
            made.add("".join(show_period(document)))
        else:
            made.add(WORDS[document.language].lead)
            made.write_timeline(document)
    made.add(WORDS[document.language].end, align=WD_ALIGN_PARAGRAPH.RIGHT)
    return pack(file, at=datetime.combine(document.issued_on, time(12), UTC))


@dataclass(frozen=True)
class _Writer:
    file: File
    figures: Mapping[str, Picture]

    def add(self, text: str, style: str = "", *, align: WD_ALIGN_PARAGRAPH | None = None) -> Line:
        line = add_line(self.file, style)
        if align is not None:
            line.alignment = align
        add_run(line, Run(text))
        return line

    def write_head(self, document: Document) -> None:
        right = WD_ALIGN_PARAGRAPH.RIGHT
        if document.withdrawn_on:
            self.add(show_withdrawal(document), WITHDRAWN)
        self.add(show_date(document.issued_on, document.language), align=right)
        if document.revised_on:
            self.add(show_revision(document), align=right)
        organisation = self.add(document.organisation, align=right)
        organisation.runs[0].bold = True
        self.add(NUMBER_LABEL + document.number)
        self._write_signatures(document)
        self.add(TITLE, "Subtitle")
        self.add(show_title(document), "Title")

    def _write_signatures(self, document: Document) -> None:
        signed = show_signatures(document)
        if not signed:
            return
        table = self.file.add_table(rows=2, cols=len(signed))
        set_borders(table, inside=True)
        set_widths(table, [Mm(34)] * len(signed), to_the_right=True)
        for place, (role, name, day) in enumerate(signed):
            head, body = (row.cells[place].paragraphs[0] for row in table.rows)
            add_run(head, Run(role))
            add_run(body, Run(name))
            body.runs[-1].add_break()
            add_run(body, Run(day))
            for line in (head, body):
                line.alignment = WD_ALIGN_PARAGRAPH.CENTER
                line.paragraph_format.space_after = Pt(2)

    def write_timeline(self, document: Document) -> None:
        entries = list(stamp_entries(document))
        if not entries:
            return
        table = self.file.add_table(rows=0, cols=2)
        set_borders(table, inside=False)
        for entry, stamp in entries:
            row = table.add_row()
            for cell, text in zip(row.cells, (stamp, entry.text), strict=True):
                add_run(cell.paragraphs[0], Run(text))
                cell.paragraphs[0].paragraph_format.space_after = Pt(2)
        set_widths(table, [_STAMP_WIDTH, Emu(_WIDTH - _STAMP_WIDTH)])

    def write_blocks(self, blocks: tuple[Block, ...], *, depth: int = 0, mark: str = "") -> None:
        """`mark` stands before the first line of them."""
        for place, block in enumerate(blocks):
            self._write_block(block, depth=depth, mark=mark if place == 0 else "")
        if mark and not blocks:
            self._write_lines((Run(""),), style=ITEM, depth=depth, mark=mark)

    def _write_block(self, block: Block, *, depth: int, mark: str) -> None:
        match block:
            case Paragraph(runs):
                self._write_lines(runs, style=ITEM if mark else "", depth=depth, mark=mark)
            case Heading(runs):
                self._write_lines(runs, style="Heading 2", depth=depth, mark=mark)
            case Code(text):
                runs = tuple(Run(piece, ("code",)) for line in text.split("\n") for piece in (line, "\n"))
                self._write_lines(runs[:-1], style="", depth=depth + 1, mark=mark)
            case Rule():
                draw_rule(self.file.add_paragraph())
            case Figure():
                self._write_figure(block)
            case Quote(quoted):
                self.write_blocks(quoted, depth=depth + 1, mark=mark)
            case Table():
                self._write_table(block)
            case Listing(items):
                for item, following in zip_longest(items, items[1:]):
                    own = "-" if item.number is None else f"{item.number}."
                    self.write_blocks(item.blocks, depth=depth + 1, mark=f"{mark} {own}".strip())
                    if following and not (item.is_loose and following.is_loose):
                        close_up(self.file)

    def _write_lines(self, runs: tuple[Run, ...], *, style: str, depth: int, mark: str) -> None:
        line = add_line(self.file, style)
        if depth:
            line.paragraph_format.left_indent = Emu(_INDENT * depth)
        if mark:
            line.paragraph_format.first_line_indent = Emu(-_INDENT)
            add_run(line, Run(f"{mark}\t"))
        for place, part in enumerate(split_lines(runs)):
            if place:
                line.add_run().add_break()
            for run in part:
                add_run(line, run)

    def _write_table(self, block: Table) -> None:
        table = self.file.add_table(rows=0, cols=len(block.rows[0]))
        set_borders(table, inside=True)
        for cells in block.rows:
            row = table.add_row()
            for place, cell in zip(row.cells, cells, strict=True):
                line = place.paragraphs[0]
                line.paragraph_format.space_after = Pt(2)
                if cell.align in _ALIGNED:
                    line.alignment = _ALIGNED[cell.align]
                for run in cell.runs:
                    is_head = cells is block.rows[0]
                    add_run(line, replace(run, styles=(*run.styles, "strong")) if is_head else run)
        mark_head(table)
        self.file.add_paragraph().paragraph_format.space_after = Pt(0)

    def _write_figure(self, figure: Figure) -> None:
        picture = self.figures.get(figure.name)
        if picture is None:
            return
        width, height = picture.width * _EMU_PER_PIXEL, picture.height * _EMU_PER_PIXEL
        scale = min(1.0, _WIDTH / width, _HEIGHT / height)
        line = self.file.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.paragraph_format.keep_with_next = bool(figure.caption)
        alternative = figure.alternative or figure.caption or figure.name
        add_picture(line, picture.data, height=Emu(int(height * scale)), alternative=alternative)
        if figure.caption:
            self.add(figure.caption, "Caption", align=WD_ALIGN_PARAGRAPH.CENTER)
