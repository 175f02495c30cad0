import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from incidents.reports.document import Document, Line, Role, Signed
from incidents.reports.stored import from_json, to_json
from tests.lib.hostile_text import patient
from tests.reports.make_document import documents, make_document

SIGNATURES = st.lists(
    st.builds(Signed, st.sampled_from(get_args(Role)), st.text(max_size=20), st.dates()), max_size=3
)


@patient
@given(documents(), SIGNATURES, st.lists(st.text(max_size=20), max_size=3))
def test_a_stored_document_is_the_same_document(
    document: Document, signatures: Sequence[Signed], letterhead: Sequence[str]
) -> None:
    whole = replace(document, signatures=tuple(signatures), letterhead=tuple(letterhead))
    assert from_json(json.loads(json.dumps(to_json(whole)))) == whole


def test_seconds_of_the_log_are_kept() -> None:
    at = datetime(2020, 9, 4, 3, 20, 7, 120, tzinfo=UTC)
    document = make_document(period_from=at, timeline=(Line(at, "開始"),))
    assert from_json(to_json(document)).timeline[0].at == at


def test_what_an_older_document_does_not_hold_has_its_default() -> None:
    values = to_json(make_document(opening="お客様各位", withdrawn_on=date(2020, 10, 9)))
    for later in ("opening", "signatures", "letterhead", "withdrawn_on"):
        del values[later]
    assert from_json(values) == make_document()
