import dataclasses
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.reports.document import SECTIONS, Document, normalise_section
from incidents.reports.hea import read, write
from tests.lib.hostile_text import patient
from tests.reports.make_document import documents, make_document

PIECES = st.lists(
    st.sampled_from(
        (
            *(
                "**太字**",
                "*斜体*",
                "~~誤り~~",
                "[手順](https://a.test/b_c)",
                "`x = [1]`",
                "![図](figure:1)",
                "語",
            ),
            *("\n", "\n\n", "- ", "1. ", "> ", "### ", " ", r"\*", "&amp;"),
        )
    ),
    max_size=12,
).map("".join)


@patient
@given(documents())
def test_a_written_document_is_read_back_as_it_was(document: Document) -> None:
    assert _read_again(write(document), document) == document


@patient
@given(st.tuples(*(PIECES for _ in SECTIONS)))
def test_staff_markup_is_read_back_as_the_words_it_showed(sections: tuple[str, ...]) -> None:
    document = make_document(**dict(zip(SECTIONS, sections, strict=True)))
    plain_words: dict[str, Any] = {name: normalise_section(getattr(document, name)) for name in SECTIONS}
    again = _read_again(write(document), document)
    assert again == dataclasses.replace(document, **plain_words)
    assert write(again) == write(document)


@settings(patient, max_examples=20)
@given(documents())
def test_the_text_edition_has_the_blank_lines_of_the_format(document: Document) -> None:
    text = write(document)
    assert text.endswith(f"\n\n{'以上' if document.language == 'ja' else 'End'}\n")
    assert "\n\n\n" not in text
    assert all(line == line.strip() for line in text.split("\n"))


def _read_again(text: str, document: Document) -> Document:
    return read(text, services={document.number[:-10]: document.service})
