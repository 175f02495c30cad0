"""Whole reports of the format, two of our own wording and, where it is at hand, the reference."""

import os
from pathlib import Path

import pytest

from incidents.lib.markdown import render
from incidents.reports import html, markdown
from incidents.reports.hea import read, write
from tests.lib.shown_words import show_words

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.txt"))
ROOT = Path(__file__).parents[2]
REFERENCE = Path(os.environ.get("REFERENCE_REPORT", ROOT / "../shared/seeds/HEA2020100801.txt"))
needs_reference = pytest.mark.skipif(not REFERENCE.exists(), reason=f"no reference report at {REFERENCE}")
WHOLE = [*SAMPLES, pytest.param(REFERENCE, marks=needs_reference)]


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_a_report_read_and_written_is_equivalent(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert _strip(write(read(text))) == _strip(text)


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_a_written_report_is_read_as_the_same_document(path: Path) -> None:
    document = read(path.read_text(encoding="utf-8"))
    assert read(write(document)) == document


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_every_edition_has_the_same_words_in_the_same_order(path: Path) -> None:
    document = read(path.read_text(encoding="utf-8"))
    words = _words(_strip(write(document)))
    assert _words(show_words(render(markdown.write(document)))) == words
    assert _words(show_words(html.write(document, render_markdown=render))) == words


def test_our_own_reports_hold_the_peculiarities_of_the_format() -> None:
    text = "\f".join(path.read_text(encoding="utf-8") for path in SAMPLES)
    for peculiarity in ("\n \n", "\n\u00a0\n", "\n\n1月05日(日) 09:15", "以上\f", "\n    書き出し", "例)"):
        assert peculiarity in text
    assert text.startswith("\n\n2025年")


@needs_reference
def test_the_reference_has_thirty_entries_and_eleven_public_updates() -> None:
    document = read(REFERENCE.read_text(encoding="utf-8"))
    assert len([line for line in document.timeline if not line.joined]) == 30
    assert len([line for line in document.timeline if line.update]) == 11
    assert (document.service, document.subject) == ("HENNGE Email Archive", "メール検索結果の反映遅延")


def _strip(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _words(lines: list[str]) -> str:
    """All that is said: without white space, the marks of headings and the dashes of lists."""
    return "".join("".join(line.removeprefix("- ").removeprefix("■ ").split()) for line in lines)
