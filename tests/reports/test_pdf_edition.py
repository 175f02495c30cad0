import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from incidents.lib.errors import Refused
from incidents.lib.markdown import escape
from incidents.reports import hea
from incidents.reports.document import Document, Line
from incidents.reports.figures import Picture
from incidents.reports.pdf_read import read_pdf
from incidents.reports.writers import WRITERS
from tests.lib.hostile_text import patient
from tests.reports.make_document import documents, instant, make_document
from tests.reports.printed import FIGURES, edge_documents, english_document, full_document, show_pages

EDGES = edge_documents()
CODE = (
    '#read("/etc/passwd")',
    '#include "/etc/passwd"',
    "$x^2$ @ref <label> *b* _i_ `c` = h",
    '\\u{41} // not a comment /* nor this */ "quoted"',
    "#let x = 1; #panic() #sys.inputs #{",
    '")\n#eval("1") --- ... ~',
)


def write(document: Document, figures: dict[str, Picture] | None = None) -> bytes:
    return WRITERS["pdf"](document, figures or {})


def root_of(data: bytes) -> Any:
    return PdfReader(io.BytesIO(data), strict=True).trailer["/Root"]


@pytest.mark.parametrize("document", [full_document(), english_document()], ids=["ja", "en"])
def test_the_file_states_that_it_is_accessible(document: Document) -> None:
    data = write(document, FIGURES)
    root = root_of(data)
    assert bool(root["/MarkInfo"]["/Marked"])
    assert str(root["/Lang"]).startswith(document.language)
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    information = PdfReader(io.BytesIO(data)).metadata
    assert information is not None
    assert information.title and document.title in information.title
    assert information.author == document.organisation


def test_its_structure_has_title_headings_lists_table_and_figures_with_alternatives() -> None:
    found = list(_walk(root_of(write(full_document(), FIGURES))["/StructTreeRoot"]))
    kinds = [str(element.get("/S")) for element in found]
    assert kinds.count("/Title") == 1
    assert kinds.count("/H1") == 6
    assert kinds.count("/H2") == 1
    assert {"/P", "/L", "/LI", "/Lbl", "/LBody", "/Table", "/TH", "/TD", "/Figure", "/Caption"} <= set(kinds)
    alternatives = [str(element["/Alt"]) for element in found if element.get("/S") == "/Figure"]
    assert alternatives == ["みなと情報サービス株式会社", "検索画面"]


def test_its_bookmarks_are_the_headings_in_order() -> None:
    outline: Any = PdfReader(io.BytesIO(write(make_document()))).outline
    assert [entry["/Title"] for entry in outline] == [
        "■ 発生事象",
        "■ 発生日時（本報告の時刻表記はJST/日本時間で記載します）",
        "■ 影響範囲",
        "■ 発生原因",
        "■ 事象発生からの時系列と弊社対応",
        "■ 恒久対応策",
    ]


@pytest.mark.parametrize("document", [full_document(), english_document()], ids=["ja", "en"])
def test_every_font_is_inside_the_file(document: Document) -> None:
    pages: Any = PdfReader(io.BytesIO(write(document, FIGURES))).pages
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        described = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(described)
        assert "/ToUnicode" in font
    assert any("NotoSansCJK" in str(font["/BaseFont"]) for font in fonts)


def test_pages_are_a4_and_numbered_of_all() -> None:
    document = make_document(cause="\n\n".join(["長い原因の説明です。" * 20] * 12))
    pages = PdfReader(io.BytesIO(write(document))).pages
    assert len(pages) > 1
    for place, page in enumerate(pages, 1):
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
        assert f"{place} / {len(pages)}" in page.extract_text().split("\n")


def test_the_same_document_is_the_same_file() -> None:
    assert write(full_document(), FIGURES) == write(full_document(), FIGURES)


def test_a_withdrawn_report_says_so_on_every_page() -> None:
    document = replace(english_document(), cause="\n\n".join(["A long account of the cause. " * 20] * 12))
    pages = PdfReader(io.BytesIO(write(document))).pages
    assert len(pages) > 1
    assert all("[Withdrawn]" in page.extract_text() for page in pages)


def test_its_links_lead_where_the_text_says() -> None:
    pages: Any = PdfReader(io.BytesIO(write(full_document(), FIGURES))).pages
    links = [note.get_object()["/A"]["/URI"] for page in pages for note in page.get("/Annots", [])]
    assert set(links) == {"https://status.example.jp/a?b=1&c=2"}


@pytest.mark.parametrize("text", CODE)
def test_what_reads_as_code_stays_text(text: str) -> None:
    line = " ".join(text.split())
    document = make_document(
        organisation=line[:100],
        subject=line,
        cause=escape(text),
        opening=escape(text),
        letterhead=(line,),
        timeline=(Line(instant("2020-09-04 12:20"), line),),
    )
    shown = "".join("".join(show_pages(write(document), document)).split())
    assert shown.count("".join(text.split())) == 6
    assert "root:" not in shown


@settings(patient, max_examples=15)
@given(
    st.lists(st.sampled_from([*CODE, "#", "$", "@", "<", ">", "\\", "*", "_", "`", "\n", "/"]), max_size=8)
)
def test_no_text_makes_the_typesetter_stumble(pieces: list[str]) -> None:
    document = make_document(cause=escape("".join(pieces)))
    assert read_pdf(write(document)) == hea.write(document)


@pytest.mark.parametrize("text", ["絵文字😀です", "العربية ไทย", "\u202e\u200b\U000e0001\ue000"])
def test_characters_without_a_glyph_do_not_keep_a_report_from_paper(text: str) -> None:
    document = make_document(cause=text)
    data = write(document)
    assert read_pdf(data) == hea.write(document)
    assert root_of(data)["/StructTreeRoot"]


def test_a_word_without_end_stays_on_the_page() -> None:
    document = make_document(cause=f"前{'y' * 300}後")
    lines = [line for line in show_pages(write(document), document) if "y" * 10 in line]
    assert "".join(lines) == f"前{'y' * 300}後"
    assert max(map(len, lines)) < 110


def test_a_list_may_begin_at_any_number() -> None:
    document = make_document(cause=f"{'9' * 25}. 項目")
    assert "9" * 25 in "".join(show_pages(write(document), document))


def test_a_picture_that_is_none_is_refused_as_a_figure() -> None:
    document = make_document(scope='![a](figure:one "b")')
    for picture in (Picture(b"none", "image/png", 10, 10), Picture(b"<svg/>", "image/svg+xml", 10, 10)):
        with pytest.raises(Refused) as refused:
            write(document, {"one": picture})
        assert refused.value.field == "figures"


@settings(patient, max_examples=15)
@given(documents())
def test_any_document_is_read_back_exactly_from_its_attachment(document: Document) -> None:
    text = read_pdf(write(document))
    assert text == hea.write(document)
    assert hea.read(text, services={document.number[:-10]: document.service}) == document


@pytest.mark.parametrize("name", EDGES)
def test_a_document_at_its_edges_is_read_back_exactly(name: str) -> None:
    assert read_pdf(write(EDGES[name])) == hea.write(EDGES[name])


def _walk(element: Any) -> Iterator[DictionaryObject]:
    element = element.get_object()
    if isinstance(element, DictionaryObject):
        yield element
        element = element.get("/K", [])
    if isinstance(element, list):
        for child in element:
            yield from _walk(child)
    elif isinstance(element, DictionaryObject):
        yield from _walk(element)
