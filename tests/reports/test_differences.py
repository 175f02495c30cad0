"""What differs between two editions, word by word."""

from dataclasses import replace

from incidents.reports.differences import Part, Piece, compare
from incidents.reports.document import Document, Line
from tests.make import jst
from tests.reports.make_document import make_document


def differing(**values: object) -> tuple[Part, ...]:
    return compare(WHOLE, replace(WHOLE, **values))  # type: ignore[arg-type]


WHOLE: Document = replace(
    make_document(),
    cause="ディスクが一杯になりました。\n\n監視が気付きませんでした。",
    timeline=(Line(jst("2020-09-04 12:46"), "検知"), Line(jst("2020-09-04 13:00"), "復旧")),
)


def test_what_is_the_same_is_not_listed() -> None:
    assert compare(WHOLE, WHOLE) == ()


def test_words_that_changed_stand_in_their_line() -> None:
    (part,) = differing(cause="ディスクが満杯になりました。\n\n監視が気付きませんでした。")
    assert part.heading == "発生原因"
    (line,) = part.lines
    assert Piece("removed", "一杯") in line
    assert Piece("added", "満杯") in line
    assert "".join(piece.text for piece in line if piece.kind != "removed") == "ディスクが満杯になりました。"


def test_a_line_that_is_new_or_gone_is_shown_whole() -> None:
    (part,) = differing(cause=f"{WHOLE.cause}\n\n手順がありませんでした。")
    assert part.lines == ((Piece("added", "手順がありませんでした。"),),)
    (part,) = differing(cause="ディスクが一杯になりました。")
    assert part.lines == ((Piece("removed", "監視が気付きませんでした。"),),)


def test_lines_that_have_little_in_common_are_shown_whole() -> None:
    (part,) = differing(cause="別物。\n\n監視が気付きませんでした。")
    assert [piece.kind for line in part.lines for piece in line] == ["removed", "added"]


def test_the_timeline_is_compared_with_its_instants() -> None:
    (part,) = differing(timeline=(Line(jst("2020-09-04 12:47"), "検知"), WHOLE.timeline[1]))
    assert part.heading == "事象発生からの時系列と弊社対応"
    shown = "".join(piece.text for line in part.lines for piece in line)
    assert "12:46" in shown and "12:47" in shown


def test_the_title_and_the_opening_stand_before_the_headings() -> None:
    (part,) = differing(subject="別の件名", opening="お客様各位")
    assert part.heading == ""
    assert (Piece("added", "お客様各位"),) in part.lines


def test_a_long_timeline_is_compared_in_time() -> None:
    lines = tuple(Line(jst("2020-09-04 12:46"), f"手順{number}を実施") for number in range(500))
    long = replace(WHOLE, timeline=lines)
    changed = replace(WHOLE, timeline=(*lines[:250], Line(lines[0].at, "挿入"), *lines[250:]))
    (part,) = compare(long, changed)
    assert len(part.lines) == 1
