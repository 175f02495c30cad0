import dataclasses
from datetime import UTC, date, datetime
from typing import Any

import pytest

from incidents.lib.errors import Refused
from incidents.reports.document import Document, Language, Line, Signed
from incidents.reports.hea import read, write
from tests.reports.make_document import instant, make_document


def test_the_japanese_edition_is_laid_out_as_the_format_says() -> None:
    assert write(make_document()) == (
        "2020年10月8日\n\nみなと情報サービス株式会社\n\nIncident No: ARC2020100801\n\n"
        "Post-Incident Report\nMinato Mail Vault 検索の遅延\n\n"
        "■ 発生事象\n\n検索に時間がかかりました。\n\n"
        "■ 発生日時（本報告の時刻表記はJST/日本時間で記載します）\n\n"
        "2020年9月1日（火）9時00分頃 から2020年9月8日（火）8時00分頃まで\n\n"
        "■ 影響範囲\n\nすべてのお客様\n\n■ 発生原因\n\n設定の誤り\n\n"
        "■ 事象発生からの時系列と弊社対応\n\n以下に、事象発生から現在に至るまでの時系列を記載します。\n\n"
        "9月04日(金) 12:20\t障害と判断。\n9月04日(金) 12:46\tステータスダッシュボードで初報配信。\n\n"
        "■ 恒久対応策\n\n監視の追加\n\n以上\n"
    )


def test_the_english_edition_is_laid_out_as_the_format_says() -> None:
    assert write(_in_english()) == (
        "8 October 2020\n\nMinato Information Services\n\nIncident No: ARC2020100801\n\n"
        "Post-Incident Report\nMinato Mail Vault search delayed\n\n"
        "■ What happened\n\nSearch was slow.\n\n"
        "■ Period (times in JST, UTC+9)\n\n"
        "About Tue 1 September 2020, 09:00 to about Tue 8 September 2020, 08:00\n\n"
        "■ Scope\n\nAll customers\n\n■ Cause\n\nA wrong setting\n\n"
        "■ Timeline and our response\n\nThe timeline from the onset to the present follows.\n\n"
        "Fri 04 Sep 12:46\tFirst notice published on the status page.\n\n"
        "■ Permanent measures\n\nMore monitoring\n\nEnd\n"
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"period_until": None}, "2020年9月1日（火）9時00分頃 から現在も継続中"),
        (
            {"period_from_approximate": False, "period_until_approximate": False},
            "2020年9月1日（火）9時00分 から2020年9月8日（火）8時00分まで",
        ),
        (
            {"period_until": instant("2020-09-01 09:00")},
            "2020年9月1日（火）9時00分頃 から2020年9月1日（火）9時00分頃まで",
        ),
        ({"edition": "first"}, "Minato Mail Vault 検索の遅延（速報）"),
        ({"edition": "interim"}, "Minato Mail Vault 検索の遅延（中間報告）"),
        ({"revision": 2, "revised_on": date(2020, 10, 20)}, "第2版 2020年10月20日改訂"),
        ({"zone": "UTC"}, "■ 発生日時（本報告の時刻表記はUTC/協定世界時で記載します）"),
        ({"zone": "UTC"}, "2020年9月1日（火）0時00分頃 から2020年9月7日（月）23時00分頃まで"),
        ({"zone": "UTC"}, "9月04日(金) 03:46\tステータスダッシュボードで初報配信。"),
        (
            {"zone": "America/New_York"},
            "■ 発生日時（本報告の時刻表記はAmerica/New_York/現地時間で記載します）",
        ),
    ],
)
def test_a_change_is_printed_as_the_format_says(changes: dict[str, Any], line: str) -> None:
    assert line in write(make_document(**changes)).split("\n")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"period_until": None}, "About Tue 1 September 2020, 09:00 to the present"),
        (
            {"period_from_approximate": False},
            "Tue 1 September 2020, 09:00 to about Tue 8 September 2020, 08:00",
        ),
        ({"edition": "first"}, "Minato Mail Vault search delayed (first report)"),
        ({"edition": "interim"}, "Minato Mail Vault search delayed (interim report)"),
        ({"revision": 2, "revised_on": date(2020, 10, 20)}, "Revision 2, 20 October 2020"),
        ({"zone": "UTC"}, "■ Period (times in UTC, UTC+0)"),
    ],
)
def test_a_change_is_printed_in_english(changes: dict[str, Any], line: str) -> None:
    assert line in write(dataclasses.replace(_in_english(), **changes)).split("\n")


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"service": "Minato Archive"}, {"Minato Archive 検索の遅延"}),
        (
            {"period_until": instant("2020-09-09 08:00")},
            {"2020年9月1日（火）9時00分頃 から2020年9月9日（水）8時00分頃まで"},
        ),
        (
            {"timeline": (Line(instant("2020-09-04 12:21"), "障害と判断。"), *make_document().timeline[1:])},
            {"9月04日(金) 12:21\t障害と判断。"},
        ),
    ],
)
def test_one_changed_fact_changes_exactly_its_line(changes: dict[str, Any], lines: set[str]) -> None:
    before, after = write(make_document()).split("\n"), write(make_document(**changes)).split("\n")
    assert {new for old, new in zip(before, after, strict=True) if old != new} == lines


def test_joined_lines_share_a_line_only_in_the_same_minute() -> None:
    at = datetime(2020, 9, 6, 10, 6, 40, tzinfo=UTC)
    lines = (
        Line(at, "増加を確認。"),
        Line(at.replace(second=55), "対応を継続。", joined=True),
        Line(at.replace(minute=7), "更新", joined=True),
    )
    text = write(make_document(timeline=lines))
    assert "9月06日(日) 19:06\t増加を確認。 対応を継続。\n9月06日(日) 19:07\t更新\n" in text


def test_the_new_year_is_crossed_without_printing_it() -> None:
    lines = (Line(instant("2020-12-31 23:59"), "前"), Line(instant("2021-01-01 00:00"), "後"))
    text = write(make_document(timeline=lines, period_from=instant("2020-12-30 00:00"), period_until=None))
    assert "12月31日(木) 23:59\t前\n1月01日(金) 00:00\t後\n" in text


def test_a_year_that_cannot_be_told_is_printed() -> None:
    document = make_document(
        timeline=(Line(instant("2020-01-10 10:00"), "設定を変更"), *make_document().timeline)
    )
    assert "\n2020年1月10日(金) 10:00\t設定を変更\n9月04日" in write(document)
    assert read(write(document)) == document


def test_an_hour_shown_twice_says_which_it_is() -> None:
    lines = (
        Line(datetime(2020, 11, 1, 5, 30, tzinfo=UTC), "夏時間"),
        Line(datetime(2020, 11, 1, 6, 30, tzinfo=UTC), "冬時間"),
    )
    document = make_document(zone="America/New_York", timeline=lines)
    assert "11月01日(日) 01:30\t夏時間\n11月01日(日) 01:30(UTC-5)\t冬時間" in write(document)


def test_markup_is_shown_as_words_and_figures_as_nothing() -> None:
    scope = "**全員**に[手順](https://a.test/x)を案内\n\n![画面](figure:1)\n\n1. a\n\nb\n\n2. c"
    assert "\n\n全員に手順 (https://a.test/x)を案内\n\n1. a\n\nb\n\n2. c\n\n" in write(
        make_document(scope=scope)
    )


def test_an_empty_section_leaves_its_heading() -> None:
    assert "■ 影響範囲\n\n■ 発生原因" in write(make_document(scope=""))


def test_lines_that_only_resemble_the_format_are_written() -> None:
    document = make_document(scope="■ 補足\n以上\n\n以上", measures="以上")
    assert read(write(document)) == document


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cause": "調査\n\n■ 影響範囲"}, "cause"),
        ({"cause": "**■ 影響範囲**"}, "cause"),
        ({"measures": "■ 発生日時（別紙）"}, "measures"),
        ({"scope": "語(*1)"}, "scope"),
        ({"scope": "(*1) 注"}, "scope"),
        ({"organisation": "第2版 2020年10月20日改訂"}, "organisation"),
        ({"organisation": "■ 影響範囲"}, "organisation"),
        ({"organisation": ""}, "organisation"),
        ({"organisation": "a\nb"}, "organisation"),
        ({"service": " a"}, "service"),
        ({"service": "■ 影響範囲", "subject": ""}, "service"),
        ({"subject": "検索の遅延（速報）"}, "subject"),
        ({"number": "ARC2020023001"}, "number"),
        ({"zone": "Asia/Nowhere"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"revision": 2}, "revision"),
        ({"revised_on": date(2020, 10, 20)}, "revision"),
        ({"revision": 2, "revised_on": date(2020, 10, 1)}, "revised_on"),
        ({"period_until": instant("2020-09-01 08:59")}, "period_until"),
        ({"period_from": datetime(2020, 9, 1)}, "period_from"),  # noqa: DTZ001
        ({"timeline": make_document().timeline[::-1]}, "timeline"),
        ({"timeline": (Line(instant("2020-09-04 12:20"), ""),)}, "timeline"),
        ({"timeline": (Line(instant("2020-09-04 12:20"), "a\nb"),)}, "timeline"),
    ],
)
def test_what_would_not_be_read_back_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused, match="expected") as refused:
        write(make_document(**changes))
    assert refused.value.field == field


def _in_english() -> Document:
    document = make_document()
    return dataclasses.replace(
        document,
        language="en",
        organisation="Minato Information Services",
        subject="search delayed",
        what_happened="Search was slow.",
        scope="All customers",
        cause="A wrong setting",
        measures="More monitoring",
        timeline=(
            dataclasses.replace(document.timeline[1], text="First notice published on the status page."),
        ),
    )


def test_an_opening_stands_between_the_title_and_the_first_heading() -> None:
    document = make_document(opening="お客様**各位**\n\n深くお詫び申し上げます。")
    text = write(document)
    assert "検索の遅延\n\nお客様各位\n\n深くお詫び申し上げます。\n\n■ 発生事象" in text
    assert read(text).opening == "お客様各位\n\n深くお詫び申し上げます。"


def test_an_opening_that_reads_as_a_heading_is_refused() -> None:
    with pytest.raises(Refused, match="no line that reads as a heading") as refused:
        write(make_document(opening="■ 影響範囲"))
    assert refused.value.field == "opening"


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("ja", "【取り下げ】本報告書は2020年10月22日に取り下げました。"),
        ("en", "[Withdrawn] This report was withdrawn on 22 October 2020."),
    ],
)
def test_a_withdrawn_report_says_so_first(language: Language, line: str) -> None:
    document = make_document(language=language, withdrawn_on=date(2020, 10, 22))
    text = write(document)
    assert text.startswith(f"{line}\n\n")
    assert read(text).withdrawn_on == date(2020, 10, 22)


def test_a_report_is_not_withdrawn_before_it_was_issued() -> None:
    with pytest.raises(Refused) as refused:
        write(make_document(withdrawn_on=date(2020, 10, 7)))
    assert refused.value.field == "withdrawn_on"


def test_a_printed_name_is_one_line() -> None:
    with pytest.raises(Refused) as refused:
        write(make_document(signatures=(Signed("written", "山田\n花子", date(2020, 10, 8)),)))
    assert refused.value.field == "signatures"
