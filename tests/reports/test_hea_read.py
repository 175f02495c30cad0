import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from incidents.lib.errors import Refused
from incidents.reports.document import Document, Line
from incidents.reports.hea import ReportSyntaxError, find_number_line, read, write
from incidents.reports.phrases import UpdateKind
from tests.reports.make_document import instant, make_document

SAMPLES = Path(__file__).parent / "samples"
ARC = (SAMPLES / "ARC2025011401.txt").read_text(encoding="utf-8")
MLX = (SAMPLES / "MLX2024030101.txt").read_text(encoding="utf-8")


def change(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


def test_a_report_is_read_into_its_parts() -> None:
    document = read(ARC)
    assert (document.issued_on, document.revision, document.edition) == (date(2025, 1, 14), 1, "final")
    assert document.organisation == "みなと情報サービス株式会社"
    assert (document.number, document.zone) == ("ARC2025011401", "Asia/Tokyo")
    assert (document.service, document.subject) == ("Minato Mail Vault", "保管メールの検索漏れ")
    assert document.period_from == instant("2024-12-30 21:05")
    assert document.period_until == instant("2025-01-06 09:30")
    assert (document.period_from_approximate, document.period_until_approximate) == (True, False)


def test_a_revised_interim_report_is_read_into_its_parts() -> None:
    document = read(MLX)
    assert (document.revision, document.revised_on) == (2, date(2024, 3, 4))
    assert (document.edition, document.subject) == ("interim", "送信メールの配送遅延")
    assert document.period_until is None
    assert (document.cause, document.measures) == ("調査中", "検討中")


def test_text_that_is_not_markup_is_escaped_and_lists_are_kept() -> None:
    document = read(ARC)
    assert r"(\*\*.index.minato.example\*)" in document.cause
    assert r"\[1. 書き出しの対象] >> \[保管メール]" in document.scope
    assert "\n\n2. 監査用の定期書き出し(*2)に" in document.scope
    assert "- 管理画面へのサインイン\n- メールの受信と保管" in document.scope


def test_instants_are_utc_and_cross_the_new_year() -> None:
    instants = [line.at for line in read(ARC).timeline]
    assert instants[0] == datetime(2024, 12, 30, 12, 5, tzinfo=UTC)
    assert instants[2] == datetime(2025, 1, 4, 2, 20, tzinfo=UTC)
    assert all(at.tzinfo is UTC for at in instants)


def test_public_updates_are_told_apart_from_the_log() -> None:
    kinds = [line.update for line in read(ARC).timeline if line.update]
    assert kinds == [UpdateKind.FIRST, UpdateKind.OTHER, UpdateKind.SCOPE, UpdateKind.RESOLVED]


def test_an_update_at_the_end_of_an_entry_becomes_a_joined_line() -> None:
    line, update = [line for line in read(ARC).timeline if line.at == instant("2025-01-04 14:45")]
    assert line.text == "当該サーバーを切り離し、残る 5 台で登録を継続。"
    assert (line.joined, line.update) == (False, None)
    assert (update.joined, update.update) == (True, UpdateKind.OTHER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("", "\ufeff"),
        ("", "\n\n\n"),
        ("\n\n■ 発生原因", "\n\n\n\u00a0\n\u3000\n■ 発生原因"),
        ("\n\n■ 発生原因", "\n■ 発生原因\n"),
        ("2025年1月14日", "２０２５年１月１４日"),
        ("2024年12月30日（月）21時05分頃", "2024年12月30日(月)21時05分頃"),
        ("2024年12月30日（月）21時05分頃", "２０２４年１２月３０日（月）２１時０５分頃"),
        ("1月05日(日) 09:15", "1月5日（日） 9:15"),
        ("1月05日(日) 09:15", "１月０５日（日） ０９：１５"),
        ("\n1月05日(日) 09:15", "\n \n\n1月05日(日) 09:15"),
        ("以上", "以上\n\n \n"),
    ],
)
def test_variants_of_form_are_read_as_the_same_document(old: str, new: str) -> None:
    text = ARC.replace(old, new) if old == "\n" else change(ARC, old, new)
    assert read(text) == read(ARC)


def test_a_period_without_approximation_is_exact() -> None:
    document = read(change(ARC, "21時05分頃 から", "21時05分 から"))
    assert not document.period_from_approximate


def test_a_heading_of_our_own_is_text() -> None:
    assert read(change(ARC, "例)", "■ 例")).scope.count("■ 例") == 1


def test_the_end_mark_is_the_last_line_only() -> None:
    assert read(change(ARC, "例)", "以上")).scope.count("以上") == 1


ORGANISATION, TITLE = "みなと情報サービス株式会社", "Minato Mail Vault 保管メールの検索漏れ"
WEEKDAY, CLOCK, DAY = "the weekday of", "a time from 00:00 to 23:59", "a date that exists"
NUMBER = "2 to 8 capitals, a date as YYYYMMDD and a serial from 01"


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        (ARC, "2025年1月14日", "2025年2月30日", DAY),
        (ARC, "2025年1月14日", "令和7年1月14日", "a date such as 2020年10月8日"),
        (MLX, "第2版 2024年3月4日改訂", "第2版 2024年2月30日改訂", DAY),
        (MLX, "第2版 2024年3月4日改訂", "第2版 2024年2月4日改訂", "not before the issue date"),
        (MLX, "第2版 2024年3月4日改訂", "第1版 2024年3月4日改訂", "a revision from 2 on"),
        (ARC, "No: ARC2025011401", "No: ARC2025023001", NUMBER),
        (ARC, "No: ARC2025011401", "No: ARC2025011400", NUMBER),
        (ARC, "No: ARC2025011401", "No: A2025011401", NUMBER),
        (ARC, "No: ARC2025011401", "No: ABCDEFGHI2025011401", NUMBER),
        (ARC, "No: ARC2025011401", "No: arc2025011401", NUMBER),
        (ARC, "Incident No: ARC", "Report No: ARC", "Incident No: "),
        (ARC, "Post-Incident Report", "障害のご報告", "Post-Incident Report"),
        (ARC, ORGANISATION, "あ" * 101, "the organisation in at most 100 characters"),
        (ARC, TITLE, f"{'A' * 101} の障害", "the service in at most 100 characters"),
        (ARC, TITLE, f"Archive {'あ' * 151}", "the subject in at most 150 characters"),
        (ARC, "（月）21時05分頃", "（火）21時05分頃", f"{WEEKDAY} 2024-12-30, which is 月"),
        (ARC, "2024年12月30日（月）21", "2024年13月30日（月）21", DAY),
        (ARC, "21時05分頃", "24時05分頃", CLOCK),
        (ARC, "21時05分頃", "21時60分頃", CLOCK),
        (ARC, "から2025年1月6日（月）9", "から2024年12月30日（月）9", "not before its start"),
        (ARC, "9時30分まで", "9時30分ごろ", "2020年9月1日（火）9時00分頃 から"),
        (ARC, "（本報告の時刻表記はJST/日本時間で記載します）", "（JST）", "（本報告の時刻表記は"),
        (ARC, "JST/日本時間", "XST/不明時間", "（本報告の時刻表記はJST/日本時間で記載します）"),
        (ARC, "1月05日(日) 09:15", "1月05日(月) 09:15", f"{WEEKDAY} 2025-01-05, which is 日"),
        (ARC, "1月05日(日) 09:15", "1月32日(日) 09:15", DAY),
        (ARC, "1月05日(日) 09:15", "0月05日(日) 09:15", DAY),
        (ARC, "12月30日(月) 21:05", "13月30日(月) 21:05", DAY),
        (ARC, "1月05日(日) 09:15", "1月05日(日) 09:60", CLOCK),
        (ARC, "1月05日(日) 09:15", "1月05日(日) 25:15", CLOCK),
        (ARC, "1月05日(日) 09:15", "1月04日(土) 09:15", "not earlier than the one before"),
        (ARC, "1月05日(日) 09:15", "1月05日 09:15", "a timeline entry such as"),
        (ARC, "1月05日(日) 09:15\t", "1月05日(日) 09:15", "a timeline entry such as"),
        (ARC, "保管期間の設定(*3)", "保管期間の設定(*9)", "a note that begins (*9)"),
        (ARC, "1月8日に再開", "(*9) 1月8日に再開", "a marker (*9)"),
        (ARC, "1月8日に再開", "(*3) 1月8日に再開", "one note (*3)"),
    ],
)
def test_a_wrong_line_is_refused_by_its_number(text: str, old: str, new: str, expected: str) -> None:
    text = change(text, old, new)
    with pytest.raises(ReportSyntaxError, match=re.escape(expected)) as refused:
        read(text)
    assert refused.value.line == line_of(text, new)


def test_a_marker_or_note_left_without_its_other_is_blamed_on_the_right_one() -> None:
    with pytest.raises(ReportSyntaxError) as refused:
        read(change(ARC, "(*2)に", "に"))
    assert refused.value.line == line_of(ARC, "(*2) 管理画面での設定箇所")


@pytest.mark.parametrize(
    ("heading", "found_instead"),
    [
        ("■ 発生事象", "■ 発生日時"),
        ("■ 影響範囲", "■ 発生原因"),
        ("■ 発生原因", "■ 事象発生からの時系列と弊社対応"),
        ("■ 事象発生からの時系列と弊社対応", "■ 恒久対応策"),
        ("■ 恒久対応策", "以上"),
    ],
)
def test_a_missing_section_is_asked_for_where_something_else_stands(heading: str, found_instead: str) -> None:
    text = change(ARC, f"{heading}\n", "")
    with pytest.raises(ReportSyntaxError) as refused:
        read(text)
    assert (refused.value.line, str(refused.value)) == (line_of(text, found_instead), heading)


def test_a_missing_period_is_asked_for() -> None:
    text = re.sub("■ 発生日時.*", "", ARC)
    with pytest.raises(ReportSyntaxError, match="■ 発生日時") as refused:
        read(text)
    assert refused.value.line == line_of(text, "■ 影響範囲")


def test_a_repeated_section_is_refused() -> None:
    text = change(ARC, "例)", "■ 発生事象")
    with pytest.raises(ReportSyntaxError, match="■ 発生事象 only once") as refused:
        read(text)
    assert refused.value.line == line_of(ARC, "例)")


def test_a_misplaced_section_is_refused() -> None:
    text = change(change(ARC, "■ 発生原因", "■ X"), "■ 影響範囲", "■ 発生原因")
    with pytest.raises(ReportSyntaxError, match="■ 影響範囲") as refused:
        read(text)
    assert refused.value.line == line_of(ARC, "■ 影響範囲")


@pytest.mark.parametrize("text", [ARC.removesuffix("以上"), ARC + "\n追記", ARC + "。"])
def test_a_missing_end_mark_is_refused_at_the_last_line(text: str) -> None:
    with pytest.raises(ReportSyntaxError, match="以上 as the last line") as refused:
        read(text)
    assert refused.value.line == len(text.rstrip().split("\n"))


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_text_is_refused_at_its_first_line(text: str) -> None:
    with pytest.raises(ReportSyntaxError, match="a date such as") as refused:
        read(text)
    assert refused.value.line == 1


@pytest.mark.parametrize("kept", range(1, 16))
def test_a_text_that_breaks_off_is_refused(kept: int) -> None:
    filled = [line for line in ARC.split("\n") if line.strip()]
    with pytest.raises(ReportSyntaxError):
        read("\n".join(filled[:kept]))


def test_a_refusal_is_one_that_a_person_can_mend() -> None:
    assert issubclass(ReportSyntaxError, Refused)


def test_the_line_of_the_number_is_found_for_errors_about_it() -> None:
    assert find_number_line(ARC) == line_of(ARC, "Incident No: ")
    assert find_number_line("何もない") == 0


def test_a_leap_day_outside_a_leap_year_is_refused() -> None:
    with pytest.raises(ReportSyntaxError, match=DAY):
        read(
            MLX.replace("2024年2月28日（水）23時", "2023年2月28日（火）23時").replace(
                "2月28日(水)", "2月28日(火)"
            )
        )


def test_an_hour_that_the_clock_skips_is_refused() -> None:
    text = write(_in_new_york("2024-03-10 01:30"))
    with pytest.raises(ReportSyntaxError, match="a time that exists on 2024-03-10 in America/New_York"):
        read(change(text, "1時30分", "2時30分"))


def test_an_hour_shown_twice_is_the_first_unless_the_order_says_otherwise() -> None:
    text = write(_in_new_york("2024-11-03 00:30"))
    lines = "11月03日(日) 01:50\t前\n11月03日(日) 01:10\t後"
    document = read(change(text, "11月03日(日) 00:30\t開始", lines))
    assert [f"{line.at:%H:%M}" for line in document.timeline] == ["05:50", "06:10"]


def _in_new_york(start: str) -> Document:
    at = instant(start, "America/New_York")
    timeline = (Line(at, "開始"),)
    return make_document(zone="America/New_York", period_from=at, period_until=None, timeline=timeline)


def test_a_withdrawal_before_the_issue_date_is_refused_by_its_line() -> None:
    line = "【取り下げ】本報告書は2025年1月13日に取り下げました。"
    text = f"{line}\n{ARC.lstrip()}"
    with pytest.raises(ReportSyntaxError, match="not before the report's own") as refused:
        read(text)
    assert refused.value.line == 1


def test_a_withdrawal_in_another_language_is_refused() -> None:
    with pytest.raises(ReportSyntaxError, match="【取り下げ】") as refused:
        read(f"[Withdrawn] This report was withdrawn on 22 January 2025.\n{ARC.lstrip()}")
    assert refused.value.line == 1
