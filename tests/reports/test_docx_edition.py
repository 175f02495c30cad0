import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import docx
import pytest
from docx.document import Document as File
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph
from hypothesis import given, settings

from incidents.lib.errors import Refused
from incidents.reports import hea
from incidents.reports.document import Document
from incidents.reports.docx_read import read_docx
from incidents.reports.docx_xml import element
from incidents.reports.figures import Picture
from incidents.reports.writers import WRITERS
from tests.lib.hostile_text import patient
from tests.reports.make_document import documents, make_document
from tests.reports.printed import FIGURES, edge_documents, english_document, full_document, picture

EDGES = edge_documents()


def write(document: Document, figures: dict[str, Picture] | None = None) -> bytes:
    return WRITERS["docx"](document, figures or {})


def open_file(data: bytes) -> File:
    return docx.Document(io.BytesIO(data))


def edit(document: Document, change: Callable[[File], object]) -> str:
    """What is read of a Word file in which somebody changed something."""
    file = open_file(write(document, FIGURES))
    change(file)
    saved = io.BytesIO()
    file.save(saved)
    return read_docx(saved.getvalue())


def find(file: File, text: str) -> Paragraph:
    return next(paragraph for paragraph in file.paragraphs if text in paragraph.text)


def squeezed(text: str) -> list[str]:
    """The lines; runs of white space inside them may change on the way."""
    return [" ".join(line.split()) for line in text.split("\n")]


def test_headings_are_headings_and_the_timeline_is_a_table() -> None:
    file = open_file(write(full_document(), FIGURES))
    styles = [(line.style.name, line.text) for line in file.paragraphs if line.style]
    assert ("Title", "Minato Mail Vault 検索の遅延") in styles
    assert [text for name, text in styles if name == "Heading 1"][:3] == [
        "■ 発生事象",
        "■ 発生日時（本報告の時刻表記はJST/日本時間で記載します）",
        "■ 影響範囲",
    ]
    assert ("Heading 2", "補足") in styles
    cells = [cell.text for cell in file.tables[-1].rows[0].cells]
    assert cells == ["9月04日(金) 12:20", "障害と判断。"]


def test_fonts_and_language_are_set_for_east_asian_text() -> None:
    defaults = open_file(write(full_document())).styles.element.find(qn("w:docDefaults"))
    assert defaults.find(f".//{qn('w:rFonts')}").get(qn("w:eastAsia")) == "Yu Gothic"
    assert defaults.find(f".//{qn('w:lang')}").get(qn("w:eastAsia")) == "ja-JP"
    heading = open_file(write(full_document())).styles["Heading 1"].element
    fonts = heading.find(f".//{qn('w:rFonts')}")
    assert fonts.get(qn("w:eastAsia")) == "Yu Gothic"
    assert fonts.get(qn("w:eastAsiaTheme")) is None


def test_the_file_says_what_it_is() -> None:
    properties = open_file(write(full_document())).core_properties
    assert properties.title == "Minato Mail Vault 検索の遅延"
    assert (properties.author, properties.subject) == ("みなと情報サービス株式会社", "ARC2020100801")
    assert (properties.language, properties.comments) == ("ja", "")
    assert properties.created == datetime(2020, 10, 8, 12, tzinfo=UTC)


def test_the_first_page_has_the_letterhead_and_each_its_number() -> None:
    section = open_file(write(full_document(), FIGURES)).sections[0]
    assert section.different_first_page_header_footer
    assert "東京都千代田区一番町1" in section.first_page_header.paragraphs[0].text
    assert "ARC2020100801" in section.header.paragraphs[0].text
    for footer in (section.first_page_footer, section.footer):
        fields = [field.get(qn("w:instr")) for field in footer._element.iter(qn("w:fldSimple"))]
        assert fields == ["PAGE", "NUMPAGES"]


def test_a_withdrawn_report_says_so_on_every_page() -> None:
    file = open_file(write(english_document()))
    assert file.paragraphs[0].text.startswith("[Withdrawn]")
    assert file.sections[0].header.paragraphs[0].text.startswith("[Withdrawn]")


def test_names_stand_in_the_order_of_their_roles() -> None:
    table = open_file(write(full_document())).tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["作成", "承認"],
        ["山田 花子\n2020年10月6日", "鈴木 一郎\n2020年10月8日"],
    ]


def test_figures_say_what_they_show() -> None:
    file = open_file(write(full_document(), FIGURES))
    shown = [found.get("descr") for found in file.element.iter(qn("wp:docPr"))]
    assert shown == ["検索画面"]
    assert find(file, "図1 検索画面").style.name == "Caption"  # type: ignore[union-attr]


def test_a_figure_that_word_does_not_take_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        write(make_document(scope="![a](figure:one)"), {"one": Picture(b"none", "image/png", 9, 9)})
    assert refused.value.field == "figures"


def test_the_same_document_is_the_same_file() -> None:
    assert write(full_document(), FIGURES) == write(full_document(), FIGURES)


@settings(patient, max_examples=30)
@given(documents())
def test_any_document_is_read_back_from_its_words(document: Document) -> None:
    text = read_docx(write(document))
    assert squeezed(text) == squeezed(hea.write(document))
    assert hea.read(text, services={document.number[:-10]: document.service}).number == document.number


@pytest.mark.parametrize("name", EDGES)
def test_a_document_at_its_edges_is_read_back_as_it_was(name: str) -> None:
    document = EDGES[name]
    assert squeezed(read_docx(write(document))) == squeezed(hea.write(document))
    assert hea.read(read_docx(write(document)), services={"ARC": document.service}) == replace(
        document, letterhead=()
    )


def test_text_that_somebody_changed_is_read_as_it_is_now() -> None:
    def change(file: File) -> None:
        find(file, "検索に時間が").runs[0].text = "検索の結果が遅れました。"

    assert hea.read(edit(full_document(), change)).what_happened == "検索の結果が遅れました。"


def test_a_wrong_weekday_is_refused_by_its_line() -> None:
    def change(file: File) -> None:
        file.tables[-1].rows[0].cells[0].paragraphs[0].runs[0].text = "9月04日(木) 12:20"

    text = edit(full_document(), change)
    with pytest.raises(hea.ReportSyntaxError, match="the weekday of 2020-09-04") as refused:
        hea.read(text)
    assert text.split("\n")[refused.value.line - 1].startswith("9月04日(木)")


def test_a_line_added_to_the_timeline_is_read() -> None:
    def change(file: File) -> None:
        row = file.tables[-1].add_row()
        row.cells[0].text, row.cells[1].text = "9月05日(土) 09:00", "追記\nしました。"

    assert hea.read(edit(full_document(), change)).timeline[-1].text == "追記 しました。"


def test_changes_that_word_tracks_are_read_as_accepted() -> None:
    def change(file: File) -> None:
        line = find(file, "検索に時間が")._p
        deleted, inserted = element("del"), element("ins")
        deleted.append(line.r_lst[0])
        run = Paragraph(line, file._body).add_run("書き直しました。")
        inserted.append(run._r)
        line.extend([deleted, inserted])

    assert hea.read(edit(full_document(), change)).what_happened == "書き直しました。"


def test_lists_that_word_numbers_itself_keep_their_marks() -> None:
    def change(file: File) -> None:
        place = find(file, "監視の追加")
        for text, style in (("一", "List Number"), ("二", "List Number"), ("点", "List Bullet")):
            place.insert_paragraph_before(text, style=style)

    assert hea.read(edit(full_document(), change)).measures == "1. 一\n\n2. 二\n\n- 点\n\n監視の追加"


def test_a_report_on_whose_styles_nothing_can_be_built_is_read_from_its_words() -> None:
    """As after a way through a program that keeps none of them."""

    def change(file: File) -> None:
        for paragraph in file.paragraphs:
            if paragraph.style and paragraph.style.name != "Caption":
                paragraph.style = None

    document = replace(full_document(), letterhead=(), signatures=())
    assert hea.read(edit(document, change)) == hea.read(read_docx(write(document, FIGURES)))


def test_characters_that_no_xml_can_hold_are_marked_as_lost() -> None:
    assert hea.read(read_docx(write(make_document(cause="前\ufffe後")))).cause == "前\ufffd後"


def test_a_picture_is_not_wider_than_the_page() -> None:
    file = open_file(write(make_document(scope="![a](figure:one)"), {"one": picture(4000, 100)}))
    assert file.inline_shapes[0].width <= Mm(162)


def test_names_and_letterhead_are_not_read_as_text() -> None:
    words = read_docx(write(full_document()))
    assert "作成" not in words and "一番町" not in words
    assert hea.read(words).revised_on == date(2020, 10, 20)
