"""Files of past reports that are not what they should be."""

import io
import zipfile
import zlib
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from incidents.lib.errors import Refused
from incidents.reports import hea
from incidents.reports.docx_read import MAX_BYTES
from incidents.reports.reading import read_words
from incidents.reports.writers import WRITERS
from tests.reports.make_document import make_document
from tests.reports.printed import FIGURES, full_document


def zipped(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return packed.getvalue()


def word_parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(WRITERS["docx"](make_document(), {}))) as package:
        return {name: package.read(name) for name in package.namelist()}


def attached(name: str, data: bytes, *, password: str = "") -> bytes:
    writer, saved = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.add_attachment(name, data)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(saved)
    return saved.getvalue()


@pytest.mark.parametrize("edition", ["txt", "pdf", "docx"])
def test_a_file_is_read_whichever_edition_it_is(edition: str) -> None:
    document = full_document()
    read = hea.read(read_words(WRITERS[edition](document, FIGURES)))
    assert read.number == document.number
    assert read.timeline == document.timeline


def test_an_attachment_with_marks_of_order_and_other_line_ends_is_read() -> None:
    text = hea.write(make_document())
    data = attached("ARC2020100801.txt", text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert hea.read(read_words(data)) == hea.read(text)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (attached("other.txt", b"x"), "attached"),
        (attached("ARC2020100801.txt", b"\xff\xfe"), "in UTF-8"),
        (attached("ARC2020100801.txt", b" " * 2_000_000), "at most 1 MB"),
        (attached("ARC2020100801.txt", b"x", password="secret"), "without a password"),
        (b"%PDF-1.7\n%%EOF", "damaged"),
        (b"%PDF-1.7\n" + b"1 0 obj<</Length 9>>" * 50, "damaged"),
        (b"PK\x03\x04", "as .docx"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "without a password"),
        (zipped({"word/document.xml": b"<x/>"}), "damaged"),
        (zipped({f"{number}.txt": b"" for number in range(1001)}), "does not unpack"),
        (zipped({"word/document.xml": b" " * 20_000_000}), "does not unpack"),
        (zipped({"word/media/a.png": b" " * 90_000_000}), "does not unpack"),
        (b"PK\x03\x04" + b"\0" * MAX_BYTES, "at most 30 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_report_of_ours_is_refused(data: bytes, expected: str) -> None:
    with pytest.raises(Refused, match=expected):
        read_words(data)


def test_a_text_that_is_not_utf_8_is_refused_by_its_line() -> None:
    with pytest.raises(hea.ReportSyntaxError, match="UTF-8 text") as refused:
        read_words("一行目\n二行目".encode() + b"\n\x83\x4f")
    assert refused.value.line == 3


def test_an_attachment_that_unpacks_to_too_much_is_refused() -> None:
    """Its name and its size say nothing of it."""
    bomb = zlib.compress(b"\0" * 200_000_000, 9)
    writer, saved = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.add_attachment("ARC2020100801.txt", bomb)
    writer.write(saved)
    data = saved.getvalue().replace(b"/Type /EmbeddedFile", b"/Filter /FlateDecode", 1)
    assert b"/FlateDecode" in data
    with pytest.raises(Refused, match="damaged or harmful"):
        read_words(data)


def with_entity(declared: str) -> bytes:
    """A Word file in which the word 監視 is the entity `&a;`."""
    parts = word_parts()
    text = parts["word/document.xml"].decode()
    words = text[text.index("<w:document") :].replace("監視", "&a;")
    parts["word/document.xml"] = f'<?xml version="1.0"?><!DOCTYPE x [{declared}]>{words}'.encode()
    return zipped(parts)


def test_an_entity_that_grows_without_end_is_refused() -> None:
    grown = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(Refused, match="damaged"):
        read_words(with_entity(f'<!ENTITY a0 "lol">{grown}<!ENTITY a "&a9;">'))


def test_an_outside_file_is_not_read_into_the_words(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("秘密")
    words = read_words(with_entity(f'<!ENTITY a SYSTEM "{secret.as_uri()}">'))
    assert "秘密" not in words and "監視" not in words


def test_a_packed_part_whose_stated_size_is_a_lie_is_refused() -> None:
    parts = word_parts() | {"word/document.xml": b"<a>" + b" " * 9_000_000 + b"</a>"}
    data = zipped(parts)
    small = (9_000_007).to_bytes(4, "little")
    assert small in data
    with pytest.raises(Refused):
        read_words(data.replace(small, (100).to_bytes(4, "little")))


def test_a_pdf_printed_anew_says_what_was_lost() -> None:
    whole = PdfReader(io.BytesIO(WRITERS["pdf"](make_document(), {})))
    printed, saved = PdfWriter(), io.BytesIO()
    for page in whole.pages:
        printed.add_page(page)
    printed.write(saved)
    with pytest.raises(Refused, match="printing it anew loses the attachment"):
        read_words(saved.getvalue())
