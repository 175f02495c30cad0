from datetime import date

from incidents.lib.markdown import render
from incidents.reports.document import Line
from incidents.reports.markdown import write
from tests.reports.make_document import instant, make_document


def test_headings_and_timeline_are_markdown() -> None:
    text = write(make_document())
    assert "# Post-Incident Report\n\nMinato Mail Vault 検索の遅延\n\n## ■ 発生事象\n\n検索に" in text
    assert "\n\n- 9月04日(金) 12:20 障害と判断。\n- 9月04日(金) 12:46 ステータス" in text
    assert text.endswith("監視の追加\n\n以上\n")


def test_staff_markup_is_kept() -> None:
    assert "**全員**に[手順](https://a.test)" in write(
        make_document(scope="**全員**に[手順](https://a.test)")
    )


def test_text_that_is_not_markup_stays_text() -> None:
    text = write(
        make_document(subject="*重要* <b>", timeline=(Line(instant("2020-09-04 12:20"), "`a` [b]"),))
    )
    assert r"\*重要\* \<b>" in text
    assert r"- 9月04日(金) 12:20 \`a\` \[b]" in text


def test_markers_are_text_to_any_renderer_and_figures_are_left_out() -> None:
    text = write(make_document(scope="a(*1)b(*1)\n\n![図](figure:1)\n\n(*1) 注"))
    assert "a(\\*1)b(\\*1)" in text
    assert "figure" not in text
    assert "a(*1)b(*1)" in render(text)


def test_opening_and_withdrawal_stand_in_their_places() -> None:
    text = write(make_document(opening="お客様**各位**", withdrawn_on=date(2020, 10, 22)))
    assert text.startswith("**【取り下げ】本報告書は2020年10月22日に取り下げました。**\n\n2020年10月8日\n")
    assert "検索の遅延\n\nお客様**各位**\n\n## ■ 発生事象" in text
