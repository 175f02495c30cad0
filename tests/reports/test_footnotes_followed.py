"""Footnotes of one text while another's are numbered anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.reports.footnotes import (
    find_unmatched,
    follow_numbers,
    forget_numbers,
    keep_apart,
    read_notes,
    renumber_footnotes,
    settle_footnotes,
)

PLAIN = st.text("あいう。", min_size=1, max_size=8)


@st.composite
def sections(draw: st.DrawFn) -> list[str]:
    """Four sections whose footnotes are whole, in any order of numbers."""
    numbers = draw(st.permutations(range(1, draw(st.integers(1, 8)) + 1)))
    texts: list[list[int]] = [[], [], [], []]
    for number in numbers:
        texts[draw(st.integers(0, 3))].append(number)
    return [_section(own, draw(PLAIN)) for own in texts]


def _section(numbers: list[int], words: str) -> str:
    marked = "".join(f"{words}(*{number})" for number in numbers)
    notes = "".join(f"\n\n(*{number}) 注{number}番" for number in numbers)
    return (marked or words) + notes


@given(sections())
def test_numbers_run_from_one_by_first_use_and_each_marker_keeps_its_note(texts: list[str]) -> None:
    settled = settle_footnotes(texts)
    assert [note.number for text in settled for note in read_notes(text)] == sorted(
        note.number for text in settled for note in read_notes(text)
    )
    assert [note.text for text in settled for note in read_notes(text)] == [
        note.text for text in texts for note in read_notes(text)
    ]
    assert not list(find_unmatched(settled))
    assert settle_footnotes(settled) == settled


@given(sections(), st.integers(0, 3))
def test_a_text_that_goes_on_from_before_has_the_new_numbers(texts: list[str], place: int) -> None:
    settled = settle_footnotes(texts)
    others = [text for index, text in enumerate(settled) if index != place]
    written = texts[place] + "\n\n続き"
    followed = follow_numbers(written, base=texts[place], current=settled[place], others=others)
    assert followed == settled[place] + "\n\n続き"


@given(sections(), st.integers(0, 3))
def test_a_new_note_gets_a_number_of_its_own(texts: list[str], place: int) -> None:
    """Written under the number that another's new note has taken meanwhile."""
    settled = list(settle_footnotes(texts))
    taken = 1 + max((note.number for text in settled for note in read_notes(text)), default=0)
    other = (place + 1) % 4
    base = settled[place]
    settled[other] += f"\n\n語(*{taken})\n\n(*{taken}) 先の注"
    written = f"語(*{taken}){base}\n\n(*{taken}) 後の注"
    others = [text for index, text in enumerate(settled) if index != place]
    settled[place] = follow_numbers(written, base=base, current=base, others=others)
    assert not list(find_unmatched(settled))
    assert {"先の注", "後の注"} <= {note.text for text in settled for note in read_notes(text)}


@given(sections())
def test_only_numbers_are_forgotten(texts: list[str]) -> None:
    for text, renumbered in zip(texts, renumber_footnotes(texts), strict=True):
        assert forget_numbers(text) == forget_numbers(renumbered)


@pytest.mark.parametrize("moving", ["語(*2)\n\n", "(*2) 注"])
def test_nothing_is_numbered_while_a_paragraph_is_moved(moving: str) -> None:
    whole = "先(*3)\n\n語(*2)\n\n(*3) 先の注\n\n(*2) 注"
    half = whole.replace(moving, "", 1)
    assert settle_footnotes([half]) == (half,)


def test_a_marker_of_a_note_in_another_section_keeps_pointing_to_it() -> None:
    text = follow_numbers(
        "語(*1)と(*2)", base="語(*1)", current="語(*1)", others=["他(*2)\n\n(*1) 注\n\n(*2) 注"]
    )
    assert text == "語(*1)と(*2)"


@given(sections(), sections(), st.lists(st.booleans(), min_size=4, max_size=4))
def test_texts_of_two_languages_keep_their_notes_apart(
    own: list[str], lent: list[str], borrowed: list[bool]
) -> None:
    own_part = ["" if is_lent else text for text, is_lent in zip(own, borrowed, strict=True)]
    lent_part = [text if is_lent else "" for text, is_lent in zip(lent, borrowed, strict=True)]
    mixed = [one or other for one, other in zip(own_part, lent_part, strict=True)]
    apart = keep_apart(mixed, borrowed=borrowed)
    assert not list(find_unmatched(apart))
    assert [forget_numbers(text) for text in apart] == [forget_numbers(text) for text in mixed]


def test_a_document_in_one_language_keeps_its_numbers() -> None:
    texts = ["語(*2)と(*1)\n\n(*1) 一\n\n(*2) 二", "", "", ""]
    assert keep_apart(texts, borrowed=[False, True, True, True]) == tuple(texts)
