from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from incidents.console.fields import InstantField
from incidents.templatetags.console import minutes_apart, stamp, zone_letters

AT = datetime(2020, 9, 4, 3, 46, 17, tzinfo=UTC)


def test_an_instant_is_shown_in_the_active_zone_with_its_name() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert stamp(AT) == '<time datetime="2020-09-04T03:46:17Z">2020-09-04 12:46 JST</time>'


def test_a_zone_without_letters_is_named_by_its_offset() -> None:
    with timezone.override(ZoneInfo("Asia/Dubai")):
        assert zone_letters(AT) == "UTC+04"


def test_no_instant_is_shown_as_nothing() -> None:
    assert stamp(None) == ""


def test_the_minutes_between_an_event_and_its_record_are_whole() -> None:
    assert minutes_apart(datetime(2020, 9, 4, 3, 47, 16, tzinfo=UTC), AT) == 0


def test_an_instant_is_read_in_the_active_zone() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert InstantField().clean("2020-09-04T12:46") == AT.replace(second=0)


def test_an_instant_left_as_it_was_shown_keeps_its_seconds() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert InstantField(original=AT).clean("2020-09-04T12:46") == AT
        assert InstantField(original=AT).clean("2020-09-04T12:47") == datetime(2020, 9, 4, 3, 47, tzinfo=UTC)
