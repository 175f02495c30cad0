from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.reports.document import Language
from incidents.reports.proposal import Hit, show_duration, word_scope
from tests.make import jst

TOKYO = ZoneInfo("Asia/Tokyo")


def test_the_scope_is_worded_from_services_durations_and_customers() -> None:
    hits = [Hit("メールアーカイブ", jst("2020-09-01 09:00"), jst("2020-09-08 08:00"))]
    assert word_scope(hits, customers=12, language="ja", zone=TOKYO) == (
        "対象サービスと期間\n\n"
        "- メールアーカイブ：2020年9月1日（火）9時00分から2020年9月8日（火）8時00分まで、167時間\n\n"
        "対象のお客様\n\n- 上記のサービスをご利用のお客様（12社）"
    )


def test_the_scope_is_worded_in_english() -> None:
    hits = [Hit("Email Archive", jst("2020-09-01 09:00"), jst("2020-09-01 10:05"))]
    assert word_scope(hits, customers=1, language="en", zone=TOKYO) == (
        "Services and times\n\n"
        "- Email Archive: Tue 1 September 2020, 09:00 to Tue 1 September 2020, 10:05 (1 h 5 min)\n\n"
        "Customers\n\n- Customers who use these services (1 company)"
    )


def test_what_still_lasts_has_no_end_and_no_duration() -> None:
    hits = [Hit("検索", jst("2020-09-01 09:00"), None)]
    text = word_scope(hits, customers=0, language="ja", zone=TOKYO)
    assert "9時00分から現在も継続中\n" in text
    assert "社" not in text


def test_where_nothing_was_hit_nothing_is_proposed() -> None:
    assert word_scope([], customers=3, language="ja", zone=TOKYO) == ""


@pytest.mark.parametrize(
    ("minutes", "language", "shown"),
    [(0, "ja", "0分"), (59, "ja", "59分"), (60, "ja", "1時間"), (125, "ja", "2時間5分"), (0, "en", "0 min")],
)
def test_durations_are_in_hours_and_minutes(minutes: int, language: Language, shown: str) -> None:
    assert show_duration(timedelta(minutes=minutes), language) == shown
