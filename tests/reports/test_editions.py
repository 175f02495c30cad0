"""Every edition says the same words in the same order."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from incidents.lib.markdown import render
from incidents.reports import hea
from incidents.reports.document import Document
from incidents.reports.figures import FIGURE
from incidents.reports.reading import read_words
from incidents.reports.words import show_signatures
from incidents.reports.writers import MEDIA_TYPES, WRITERS
from tests.lib.shown_words import show_words
from tests.reports.printed import FIGURES, edge_documents, english_document, full_document, show_pages
from tests.reports.test_samples import WHOLE

EDGES = edge_documents()
needs_pdftotext = pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
needs_libreoffice = pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")


def test_every_edition_has_a_writer_and_a_media_type() -> None:
    assert list(WRITERS) == list(MEDIA_TYPES) == ["txt", "md", "html", "pdf", "docx"]


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_a_whole_report_says_the_same_in_every_edition(path: Path) -> None:
    document = hea.read(path.read_text(encoding="utf-8"))
    words = _words(hea.write(document).split("\n"))
    assert _words(show_pages(WRITERS["pdf"](document, {}), document)) == words
    assert _words(read_words(WRITERS["docx"](document, {})).split("\n")) == words


@pytest.mark.parametrize("name", EDGES)
def test_a_report_at_its_edges_says_the_same_in_every_edition(name: str) -> None:
    document = EDGES[name]
    words = _words(hea.write(document).split("\n"))
    assert _words(show_words(render(WRITERS["md"](document, {}).decode()))) == words
    assert _words(show_words(WRITERS["html"](document, {}).decode())) == words
    assert _words(_body(show_pages(WRITERS["pdf"](document, {}), document), document)) == words
    assert _words(read_words(WRITERS["docx"](document, {})).split("\n")) == words


@pytest.mark.parametrize("document", [full_document(), english_document()], ids=["ja", "en"])
def test_a_report_with_all_that_can_be_printed_says_the_same_on_paper(document: Document) -> None:
    words = _words(hea.write(document).split("\n"))
    assert _words(_body(show_pages(WRITERS["pdf"](document, FIGURES), document), document)) == words
    assert _words(read_words(WRITERS["docx"](document, FIGURES)).split("\n")) == words


@needs_pdftotext
@pytest.mark.parametrize("document", [full_document(), english_document()], ids=["ja", "en"])
def test_another_program_reads_the_words_in_the_same_order(document: Document, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(WRITERS["pdf"](document, FIGURES))
    # The page without its margins, in points: what repeats on each stands there.
    body = ["-x", "0", "-y", "68", "-W", "596", "-H", "700"]
    command = ["pdftotext", "-raw", "-enc", "UTF-8", *body, str(tmp_path / "report.pdf"), "-"]
    shown = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert _words(_body(shown.replace("\f", "\n").split("\n"), document)) == _words(
        hea.write(document).split("\n")
    )


@needs_libreoffice
@pytest.mark.parametrize("document", [full_document(), english_document()], ids=["ja", "en"])
def test_libreoffice_opens_the_word_edition_and_prints_the_same(document: Document, tmp_path: Path) -> None:
    (tmp_path / "report.docx").write_bytes(WRITERS["docx"](document, FIGURES))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", "txt:Text (encoded):UTF8", "report.docx"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=240)
    shown = (tmp_path / "report.txt").read_text(encoding="utf-8-sig")
    without_header = replace(document, letterhead=())
    assert _words(_body(shown.split("\n"), without_header)) == _words(hea.write(document).split("\n"))


def _body(lines: list[str], document: Document) -> list[str]:
    """Without what only a printed edition says, which must be there: letterhead, names and captions."""
    text = "\n".join(lines)
    for said in (*document.letterhead, *_captions(document)):
        text = _drop(text, said)
    signed = show_signatures(document)
    roles = "".join(role for role, _, _ in signed)
    for said in (roles, *(name + day for _, name, day in signed)):
        text = _drop(text, said)
    return text.split("\n")


def _captions(document: Document) -> list[str]:
    return [found[0].rpartition(' "')[2].rstrip('")') for found in FIGURE.finditer(document.scope)]


def _drop(text: str, said: str) -> str:
    """The text without the first place where these words stand, however they are spaced."""
    squeezed = "".join(text.split())
    kept = "".join(said.split())
    assert kept in squeezed, said
    return squeezed.replace(kept, "", 1)


def _words(lines: list[str]) -> str:
    """All that is said: without white space, and the marks of headings, lists and tables."""
    marks = str.maketrans("", "", "■•|-–")
    return "".join("".join(line.split()) for line in lines).translate(marks)
