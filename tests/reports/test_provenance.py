from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from incidents.reports import hea
from incidents.reports.document import Document, Line
from incidents.reports.phrases import PHRASES, UpdateKind
from incidents.reports.provenance import Piece, Provenance, count, trace
from tests.reports.make_document import documents, instant, make_document


def by_people(document: Document, **values: Any) -> list[str]:
    return [piece.text for piece in trace(document, **values) if piece.by_people]


def test_people_wrote_the_names_the_sections_and_their_lines() -> None:
    assert by_people(make_document()) == [
        "みなと情報サービス株式会社",
        "Minato Mail Vault 検索の遅延",
        "検索に時間がかかりました。",
        "すべてのお客様",
        "設定の誤り",
        "障害と判断。",
        "監視の追加",
    ]


def test_what_monitoring_wrote_is_not_of_people() -> None:
    assert "障害と判断。" not in by_people(make_document(), computed={0})


@pytest.mark.parametrize("joined", [False, True])
def test_an_update_in_other_words_is_of_people(joined: bool) -> None:
    at, first = instant("2020-09-04 12:46"), PHRASES["ja"][UpdateKind.FIRST]
    lines = (
        Line(at, first, update=UpdateKind.FIRST),
        Line(at, first, joined=joined, update=UpdateKind.OTHER),
        Line(at + timedelta(minutes=1), "再起動。"),
    )
    written = by_people(make_document(timeline=lines))
    assert written[5:7] == [first, "再起動。"]


def test_space_is_nobodys() -> None:
    pieces = [Piece("a b\n", True), Piece("　c\td", False)]
    assert count(pieces) == Provenance(people=2, system=2)
    assert count(pieces).share == 0.5


@settings(max_examples=150, deadline=None)
@given(documents())
def test_the_pieces_are_the_text_edition_and_nothing_of_people_is_lost(document: Document) -> None:
    pieces = trace(document)
    assert "".join(piece.text for piece in pieces) == hea.write(document)
    written = [piece.text for piece in pieces if piece.by_people]
    typed = [line.text for line in document.timeline if line.update is None]
    assert [text for text in written if text in typed][: len(typed)] or not typed
    assert document.organisation in written
