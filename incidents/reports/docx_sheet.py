"""The paper of a Word edition: page, styles, fonts, language, header and footer."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time

from docx.document import Document as File
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Emu, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph
from docx.text.run import Run as WordRun

from incidents.reports.blocks import Run
from incidents.reports.document import Document
from incidents.reports.docx_xml import add_field, add_picture, add_run, element, set_fonts, set_language
from incidents.reports.figures import LOGO, Picture
from incidents.reports.words import show_title, show_withdrawal

ITEM = "Report Item"
WITHDRAWN = "Report Withdrawn"
_LATIN, _EAST_ASIAN = "Arial", "Yu Gothic"
_INK, _QUIET, _RED = RGBColor(0, 0, 0), RGBColor(0x59, 0x59, 0x59), RGBColor(0xB0, 0x00, 0x20)
_LOGO_HEIGHT = Mm(13)
_WIDTH = Mm(162)
_EMU_PER_PIXEL = 9525


def prepare(file: File, document: Document) -> None:
    section = file.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(24)
    section.top_margin, section.bottom_margin = Mm(26), Mm(24)
    _set_styles(file)
    _set_properties(file, document)


def _set_styles(file: File) -> None:
    defaults = file.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    set_fonts(defaults, latin=_LATIN, east_asian=_EAST_ASIAN)
    set_language(defaults)
    for name, size, before, after in (
        ("Normal", 10.5, 0, 6),
        ("Heading 1", 11.5, 18, 6),
        ("Heading 2", 10.5, 12, 4),
        ("Title", 17, 0, 18),
        ("Subtitle", 11, 18, 0),
        ("Caption", 9, 0, 12),
    ):
        _set_style(file.styles[name], size=size, before=before, after=after)
    for name in ("Title", "Subtitle"):
        file.styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for name in (ITEM, WITHDRAWN):
        made = file.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        made.base_style = file.styles["Normal"]
    withdrawn = file.styles[WITHDRAWN].font
    withdrawn.bold, withdrawn.color.rgb = True, _RED


def _set_style(style: ParagraphStyle, *, size: float, before: float, after: float) -> None:
    properties = style.element.get_or_add_rPr()
    for theme in properties.findall(qn("w:color")) + properties.findall(qn("w:spacing")):
        properties.remove(theme)
    set_fonts(properties, latin=_LATIN, east_asian=_EAST_ASIAN)
    style.font.size, style.font.color.rgb = Pt(size), _INK
    style.font.bold = style.name in ("Heading 1", "Heading 2", "Title")
    style.font.italic = False
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    for border in style.element.get_or_add_pPr().findall(qn("w:pBdr")):
        style.element.pPr.remove(border)


def _set_properties(file: File, document: Document) -> None:
    made = datetime.combine(document.issued_on, time(12), UTC)
    properties = file.core_properties
    properties.title = show_title(document)
    properties.subject = properties.identifier = document.number
    properties.author = properties.last_modified_by = document.organisation
    properties.language = document.language
    properties.created = properties.modified = made
    properties.comments = properties.keywords = properties.category = ""
    properties.revision = document.revision
    settings = file.settings.element
    compatible = element("compat")
    compatible.append(
        element(
            "compatSetting",
            name="compatibilityMode",
            uri="http://schemas.microsoft.com/office/word",
            val="15",  # without it Word opens the file as one of 2007
        )
    )
    for old in settings.findall(qn("w:compat")):
        settings.replace(old, compatible)


def set_header_and_footer(section: Section, document: Document, figures: Mapping[str, Picture]) -> None:
    """The first page has the letterhead, those after it say what they belong to; all are numbered."""
    section.different_first_page_header_footer = True
    _write_letterhead(section.first_page_header.paragraphs[0], document, figures.get(LOGO))
    running = section.header.paragraphs[0]
    if document.withdrawn_on:
        add_run(running, Run(show_withdrawal(document), ("strong",)))
        _colour(running.runs, _RED)
    else:
        _set_tab(running)
        add_run(running, Run(f"{document.organisation}\t{document.number}"))
        _colour(running.runs, _QUIET)
    for footer in (section.first_page_footer, section.footer):
        line = footer.paragraphs[0]
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        page = add_field(line, "PAGE")
        add_run(line, Run(" / "))
        _colour([page, *line.runs, add_field(line, "NUMPAGES")], _QUIET)


def _write_letterhead(line: Paragraph, document: Document, logo: Picture | None) -> None:
    _set_tab(line)
    if logo:
        height = min(_LOGO_HEIGHT, logo.height * _EMU_PER_PIXEL)
        add_picture(line, logo.data, height=Emu(height), alternative=document.organisation)
    for place, text in enumerate(document.letterhead):
        if place:
            line.add_run().add_break()
        add_run(line, Run(f"\t{text}"))
    _colour(line.runs, _QUIET)


def _set_tab(line: Paragraph) -> None:
    line.style = "Normal"  # the style of headers brings tabs of its own
    line.paragraph_format.tab_stops.add_tab_stop(_WIDTH, WD_TAB_ALIGNMENT.RIGHT)


def _colour(runs: Sequence[WordRun], colour: RGBColor) -> None:
    for run in runs:
        run.font.size, run.font.color.rgb = Pt(8.5), colour
