"""What a reader would stumble over, as tables."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incidents.reports.checks import Draft, Finding, Words, find, is_open, name_claim
from tests.make import jst

PERIOD = (jst("2020-09-01 09:00"), jst("2020-09-08 08:00"))
WHOLE = {
    "organisation": "株式会社サンプル",
    "subject": "検索の遅延",
    "what_happened": "検索結果の反映が遅延しました。",
    "scope": "ご利用のお客様。",
    "cause": "設定の誤り。",
    "measures": "監視を追加しました。",
    "greeting": "",
    "apology": "",
}


def draft(**values: Any) -> Draft:
    """One without a fault, but for what is given."""
    texts = WHOLE | {name: values.pop(name) for name in list(values) if name in WHOLE}
    given: dict[str, Any] = {
        "edition": "final",
        "zone": ZoneInfo("Asia/Tokyo"),
        "period_from": PERIOD[0],
        "period_until": PERIOD[1],
        "impacts": [PERIOD],
        "texts": texts,
        "lines": [Words(1, "検知。")],
    }
    return Draft(**{**given, **values})


def found(**values: Any) -> list[tuple[str, str]]:
    return [(one.code, one.field) for one in find(draft(**values))]


def said(code: str, **values: Any) -> list[str]:
    return [one.said for one in find(draft(**values)) if one.code == code]


def test_a_report_without_a_fault_has_no_finding() -> None:
    assert found() == []


@pytest.mark.parametrize("name", ["organisation", "subject", "what_happened", "scope", "cause", "measures"])
def test_an_empty_part_blocks(name: str) -> None:
    assert find(draft(**{name: " "})) == [Finding("empty", name, is_blocking=True)]


def test_what_is_not_translated_is_printed_as_it_was_written_first() -> None:
    assert find(draft(cause="", original=WHOLE)) == [Finding("untranslated", "cause")]


def test_a_final_report_without_an_end_and_one_without_lines_are_blocked() -> None:
    blocking = [one.code for one in find(draft(period_until=None, lines=[])) if one.is_blocking]
    assert blocking == ["no_end", "no_lines"]


@pytest.mark.parametrize(
    ("text", "code", "number"),
    [
        ("語(*1)。", "no_note", "(*1)"),
        ("(*2) 注", "no_marker", "(*2)"),
        ("語(*1)\n\n(*1) 注\n\n(*1) また", "two_notes", "(*1)"),
    ],
)
def test_a_marker_and_its_note_belong_together(text: str, code: str, number: str) -> None:
    assert find(draft(cause=text)) == [Finding(code, "cause", said=number, is_blocking=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020年9月4日(金)", []),
        ("2020年9月4日（木）", ["2020年9月4日(木)"]),
        ("２０２０年９月４日（木曜日）", ["2020年9月4日(木曜日)"]),
        ("9月4日(木) 12:46", ["9月4日(木) 12:46"]),
        ("9/4(木)に", ["9/4(木)"]),
        ("2020-09-04 (Thu)", ["2020-09-04 (Thu)"]),
        ("Thu 4 September 2020", ["Thu 4 September 2020"]),
        ("Friday, 4 September 2020, 12:46", []),
        ("Thursday, September 4th, 2020", ["Thursday, September 4th, 2020"]),
        ("1月7日(水)", ["1月7日(水)"]),  # 2021: a Thursday
        ("平日(月)と祝日", []),
    ],
)
def test_a_weekday_fits_its_date(text: str, expected: list[str]) -> None:
    assert said("weekday", cause=text) == expected


def test_the_right_weekday_is_told() -> None:
    [finding] = [one for one in find(draft(cause="2020年9月4日(木)")) if one.code == "weekday"]
    assert finding.weekday == 4


@pytest.mark.parametrize("text", ["9月31日", "2021年2月29日", "13月1日", "31 September 2020"])
def test_a_day_that_no_calendar_has_is_found(text: str) -> None:
    assert said("no_such_day", measures=text) == [text]


@pytest.mark.parametrize(
    ("text", "is_outside"),
    [
        ("2020年9月1日 9:00", False),
        ("9月1日 8時59分", True),
        ("8月31日", True),
        ("9月8日", False),
        ("9月8日 8:00", False),
        ("9月8日 8:01", True),
        ("9月9日", True),
        ("9月1日午後3時", False),
        ("Wed 9 September 2020", True),
    ],
)
def test_what_happened_lies_in_the_period(text: str, is_outside: bool) -> None:
    assert bool(said("outside", what_happened=text)) is is_outside
    assert said("outside", measures=text) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"impacts": []}, []),
        ({"impacts": [(jst("2020-09-01 10:00"), PERIOD[1])]}, [("other_start", "period_from")]),
        ({"impacts": [(PERIOD[0], jst("2020-09-08 07:59"))]}, [("other_end", "period_until")]),
        ({"impacts": [(PERIOD[0], PERIOD[1].replace(second=30))]}, []),
        ({"impacts": [(PERIOD[0], None)]}, [("goes_on", "period_until")]),
        ({"edition": "interim"}, [("not_final", "edition")]),
        (
            {"edition": "interim", "period_until": None},
            [("is_over", "period_until"), ("not_final", "edition")],
        ),
        ({"edition": "interim", "period_until": None, "impacts": [(PERIOD[0], None)]}, []),
    ],
)
def test_the_period_is_that_of_the_impacts(values: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(**values) == expected


def test_the_instant_that_the_impacts_say_is_told() -> None:
    [finding] = find(draft(impacts=[(jst("2020-09-01 10:00"), PERIOD[1])]))
    assert finding.at == jst("2020-09-01 10:00")


@pytest.mark.parametrize(
    "text", ["○○の設定", "〇〇様", "XXX の件", "TODO: あとで", "担当は要確認", "TBD", "●●●", "何時???"]
)
def test_a_placeholder_is_found(text: str) -> None:
    assert len(said("placeholder", cause=text)) == 1


@pytest.mark.parametrize("text", ["○印のお客様", "HTTP 5xx の応答", "×", "本件についてご確認ください。"])
def test_a_word_that_only_looks_a_little_like_a_placeholder_is_none(text: str) -> None:
    assert said("placeholder", cause=text) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [("調査中です。", "調査中"), ("We are still under investigation.", "under investigation")],
)
def test_a_final_report_says_nothing_unfinished(text: str, word: str) -> None:
    assert said("unfinished", cause=text) == [word]
    assert said("unfinished", cause=text, edition="interim") == []


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("mail_address", "連絡先 taro@example.co.jp まで", ["taro@example.co.jp"]),
        ("address", "192.0.2.10から接続", ["192.0.2.10"]),
        ("address", "2001:db8::1 から", ["2001:db8::1"]),
        ("address", "版 1.2.3 と 999.1.1.1", []),
        ("address", "12:46:07 に", []),
        ("secret", "AKIAABCDEFGHIJKLMNOP を", ["AKIAABCDEFGH"]),
        ("secret", "password: hunter22", ["password: hu"]),
        ("secret", "パスワード：abcd1234", ["パスワード:abcd12"]),
        ("secret", "パスワードを変更", []),
    ],
)
def test_what_is_not_for_the_public_is_found(code: str, text: str, expected: list[str]) -> None:
    assert said(code, cause=text) == expected
    assert said(code, lines=[Words(7, text)]) == expected


@pytest.mark.parametrize(
    ("customer", "text", "is_named"),
    [
        ("株式会社アクメ", "アクメ様よりお問い合わせ", True),
        ("Acme, Inc.", "Acme asked", True),
        ("Acme, Inc.", "Acmes asked", False),
        ("株式会社アクメ", "お客様よりお問い合わせ", False),
        ("A", "Aを確認", False),
    ],
)
def test_a_customer_s_name_is_found(customer: str, text: str, is_named: bool) -> None:
    assert bool(said("customer", scope=text, customers=[customer])) is is_named


def test_a_customer_that_is_masked_as_a_third_party_is_no_finding() -> None:
    values = {"scope": "アクメ様", "customers": ["株式会社アクメ"]}
    assert said("customer", **values, parties=[("アクメ", "A社")]) == []
    assert said("no_mask", **values, parties=[("アクメ", "")]) == ["アクメ"]


def test_a_line_names_its_entry() -> None:
    [finding] = find(draft(lines=[Words(41, "○○に連絡")]))
    assert (finding.field, finding.line) == ("lines", 41)


def test_a_line_of_two_lines_blocks() -> None:
    assert find(draft(lines=[Words(5, "一\n二")])) == [
        Finding("line_break", "lines", line=5, is_blocking=True)
    ]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("データの消失はありません。", "nothing_lost"),
        ("メールの欠損は確認されておりません。", "nothing_lost"),
        ("No data was lost.", "nothing_lost"),
        ("There was no loss of mail.", "nothing_lost"),
        ("情報の漏えいはございません。", "nothing_leaked"),
        ("第三者による閲覧の事実は確認されていません。", "nothing_leaked"),
        ("No personal data was exposed.", "nothing_leaked"),
        ("送受信への影響はございませんでした。", "nothing_else_hit"),
        ("Other services were not affected.", "nothing_else_hit"),
        ("本件が再発することはありません。", "never_again"),
        ("This will not happen again.", "never_again"),
    ],
)
def test_a_claim_needs_somebody_who_vouches_for_it(text: str, kind: str) -> None:
    [finding] = [one for one in find(draft(scope=f"前置き。\n\n{text}")) if one.code == "claim"]
    assert (finding.said, finding.claim) == (text, name_claim(kind, text))
    assert is_open(finding)
    confirmed = {finding.claim: {"by": "担当 太郎", "at": "2020-10-08T00:00:00Z"}}
    [finding] = [one for one in find(draft(scope=text, confirmed=confirmed)) if one.code == "claim"]
    assert not is_open(finding)
    assert [one.by for one in find(draft(scope=f"なお、{text}", confirmed=confirmed))] == [""]


@pytest.mark.parametrize(
    "text", ["影響を受けたお客様", "データが消失しました。", "The data was lost.", "再発を防ぎます。"]
)
def test_what_claims_nothing_needs_nobody(text: str) -> None:
    assert said("claim", scope=text) == []


@pytest.mark.parametrize(
    ("figure", "codes"),
    [
        ('![推移](figure:a "図1")', []),
        ('![](figure:a "図1")', ["no_alternative"]),
        ("![推移](figure:a)", ["no_caption"]),
        ('![推移](figure:b "図1")', ["no_figure"]),
    ],
)
def test_a_figure_is_there_and_says_what_it_shows(figure: str, codes: list[str]) -> None:
    assert [code for code, _ in found(cause=f"次の図。\n\n{figure}", figures={"a"})] == codes


def test_what_blocks_stands_first() -> None:
    findings = find(draft(what_happened="○○", measures=""))
    assert [one.is_blocking for one in findings] == [True, False]


def test_a_draft_is_not_changed_by_being_checked() -> None:
    one = draft(customers=["株式会社アクメ"])
    find(one)
    assert one == replace(one)


def test_instants_of_another_zone_are_those_of_the_report() -> None:
    start = datetime.fromisoformat("2020-09-01T00:00:00+00:00")
    assert found(impacts=[(start, PERIOD[1])]) == []
