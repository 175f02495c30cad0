from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context
from django.utils import translation

from incidents.models import Page
from incidents.templatetags.page_time import ago, ahead, day, format_instant, format_period, month
from incidents.templatetags.page_time import zone as zone_words

TOKYO = ZoneInfo("Asia/Tokyo")
AT = datetime(2020, 9, 4, 3, 46, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "language", "shown"),
    [
        ("Asia/Tokyo", "ja", "2020年9月4日（金）12:46（日本時間）"),
        ("Asia/Tokyo", "en", "4 September 2020, 12:46 JST"),
        ("Europe/Berlin", "ja", "2020年9月4日（金）05:46（CEST）"),
        ("Europe/Berlin", "en", "4 September 2020, 05:46 CEST"),
        ("Asia/Singapore", "en", "4 September 2020, 11:46 UTC+08"),
        ("UTC", "ja", "2020年9月4日（金）03:46（協定世界時）"),
    ],
)
def test_an_instant_is_said_in_the_zone_and_names_it(zone: str, language: str, shown: str) -> None:
    assert format_instant(AT, zone=ZoneInfo(zone), language=language) == shown


@pytest.mark.parametrize(
    ("hours", "language", "shown"),
    [
        (1, "ja", ("2020年9月4日（金）12:46", "13:46（日本時間）")),
        (24, "ja", ("2020年9月4日（金）12:46", "2020年9月5日（土）12:46（日本時間）")),
        (1, "en", ("4 September 2020, 12:46", "13:46 JST")),
    ],
)
def test_a_period_names_the_zone_and_a_shared_day_once(
    hours: int, language: str, shown: tuple[str, str]
) -> None:
    assert format_period(AT, AT + timedelta(hours=hours), zone=TOKYO, language=language) == shown


def test_a_period_over_the_change_of_summer_time_names_both_zones() -> None:
    shown = format_period(AT, AT + timedelta(days=90), zone=ZoneInfo("Europe/Berlin"), language="en")
    assert shown == ("4 September 2020, 05:46 CEST", "3 December 2020, 04:46 CET")


@pytest.mark.parametrize(
    ("minutes", "japanese", "english"),
    [
        (0, "まもなく", "about now"),
        (1, "1分後", "in 1 minute"),
        (56, "56分後", "in 56 minutes"),
        (119, "119分後", "in 119 minutes"),
        (120, "2時間後", "in 2 hours"),
        (3000, "2日後", "in 2 days"),
        (-20, "予定を20分過ぎています", "overdue by 20 minutes"),
    ],
)
def test_a_promise_says_how_far_it_is_or_how_late(minutes: int, japanese: str, english: str) -> None:
    at = AT + timedelta(minutes=minutes)
    for language, words in (("ja", japanese), ("en", english)):
        with translation.override(language):
            assert ahead(at, AT) == words


def test_the_age_of_data_is_said_in_words() -> None:
    with translation.override("ja"):
        assert ago(AT - timedelta(seconds=30), AT) == "1分以内"
        assert ago(AT - timedelta(hours=3), AT) == "3時間前"


def test_days_and_months_are_written_as_the_language_writes_them() -> None:
    with translation.override("ja"):
        assert day(date(2020, 9, 4)) == '<time datetime="2020-09-04">2020年9月4日（金）</time>'
        assert day(date(2020, 9, 4), "short") == '<time datetime="2020-09-04">9月4日（金）</time>'
        assert month(date(2020, 9, 1)) == "2020年9月"
    with translation.override("en"):
        assert day(date(2020, 9, 4), "short") == '<time datetime="2020-09-04">Fri 4 September</time>'
        assert month(date(2020, 9, 1)) == "September 2020"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Asia/Tokyo", "JST (Asia/Tokyo)"),
        ("UTC", "UTC (UTC)"),
        ("America/New_York", "America/New_York"),
        ("Australia/Sydney", "Australia/Sydney"),
    ],
)
def test_a_zone_with_summer_time_is_named_by_no_letters_that_half_of_the_instants_belie(
    name: str, words: str
) -> None:
    context = Context({"page": Page(time_zone=name), "now": datetime(2026, 3, 31, 12, tzinfo=UTC)})
    with translation.override("en"):
        assert zone_words(context) == words
