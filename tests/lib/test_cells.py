import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.lib.cells import escape, unescape, write_rows

HOSTILE = st.text(alphabet="'=+-@＝＋－＠\t\r\n\0ab\",;", max_size=12)


@given(HOSTILE | st.text())
def test_a_cell_is_read_as_it_was_written(text: str) -> None:
    assert unescape(escape(text)) == text


@given(HOSTILE | st.text())
def test_no_written_cell_is_a_formula_asvs_1_2_10(text: str) -> None:
    assert escape(text)[:1] not in set("=+-@＝＋－＠\t\r\n\0")


@pytest.mark.parametrize("text", ["a=1", "O'Brien", "'quoted'", ""])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


@given(st.lists(st.lists(HOSTILE, min_size=2, max_size=2), max_size=4))
def test_rows_are_read_as_they_were_written(rows: list[list[str]]) -> None:
    written = "".join(write_rows(["a", "b"], rows)).removeprefix("\ufeff")
    read = list(csv.reader(io.StringIO(written, newline="")))
    assert [[unescape(cell) for cell in row] for row in read[1:]] == rows
