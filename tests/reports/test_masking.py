"""Third parties, named or masked."""

from dataclasses import replace

import pytest

from incidents.reports.document import Line
from incidents.reports.masking import mask_parties
from tests.make import jst
from tests.reports.make_document import make_document

PARTIES = [{"name": "Acme", "mask": "回線事業者"}, {"name": "Acme Cloud", "mask": "クラウド事業者"}]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Acmeの障害", "回線事業者の障害"),
        ("ACMEとacme", "回線事業者と回線事業者"),
        ("Acme Cloudの障害", "クラウド事業者の障害"),
        ("**Acme**", "**回線事業者**"),
        ("![Acmeの画面](figure:acme-1)", "![回線事業者の画面](figure:acme-1)"),
        ("無関係", "無関係"),
    ],
)
def test_a_name_is_masked_wherever_it_stands(text: str, masked: str) -> None:
    whole = replace(
        make_document(),
        subject="Acmeの件",
        opening=text,
        cause=text,
        scope=text,
        timeline=(Line(jst("2020-09-04 12:46"), "Acmeへ連絡"),),
    )
    found = mask_parties(whole, PARTIES)
    assert (found.opening, found.cause, found.scope) == (masked, masked, masked)
    assert (found.subject, found.timeline[0].text) == ("回線事業者の件", "回線事業者へ連絡")


def test_a_name_that_markdown_takes_for_markup_is_found_as_it_was_escaped() -> None:
    found = mask_parties(
        replace(make_document(), cause=r"acme\_net の障害"), [{"name": "acme_net", "mask": "A社"}]
    )
    assert found.cause == "A社 の障害"


def test_without_parties_nothing_changes() -> None:
    assert mask_parties(make_document(), []) == make_document()
    assert mask_parties(make_document(), [{"name": " ", "mask": "x"}]) == make_document()
