from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from incidents.models import Page
from incidents.queries.maintenance_view import MaintenanceView
from incidents.snapshots.calendar import write
from incidents.snapshots.edition import Edition
from tests.lib.hostile_text import hostile_text, patient
from tests.snapshots.plan import STARTS, plan
from tests.snapshots.v2.scene import NOW


def edition(language: str = "ja", zone: str = "Asia/Tokyo") -> Edition:
    page = Page(name="稼働状況", host="status.example.com", time_zone=zone, languages=["ja", "en"])
    return Edition(page, language, NOW)


def read(*plans: MaintenanceView, language: str = "ja", zone: str = "Asia/Tokyo") -> Any:
    written = write(plans, edition(language, zone))
    found = Calendar.from_ical(written)
    assert not found.errors and all(not event.errors for event in found.events)
    return found


def event_of(given: MaintenanceView, language: str = "ja", zone: str = "Asia/Tokyo") -> Any:
    (found,) = read(given, language=language, zone=zone).events
    return found


def test_a_maintenance_is_an_event_in_the_zone_of_the_page() -> None:
    event = event_of(plan("scheduled"))
    assert (event.start, event.end) == (STARTS, STARTS + timedelta(hours=2))
    assert event["DTSTART"].params["TZID"] == "Asia/Tokyo"
    assert (event["SUMMARY"], event["STATUS"], event["UID"]) == (
        "設備更新",
        "CONFIRMED",
        "maintenance-abcdef012345@status.example.com",
    )
    assert event["DTSTAMP"].dt == datetime(2020, 9, 4, 3, tzinfo=UTC)
    assert event["URL"].endswith("/maintenance/abcdef012345")
    assert "対象サービス：メール送信" in event["DESCRIPTION"] and "設備を更新します。" in event["DESCRIPTION"]


def test_a_zone_with_summer_time_brings_its_rules() -> None:
    calendar = read(plan("scheduled"), zone="America/Los_Angeles")
    (zone,) = calendar.timezones
    assert zone["TZID"] == "America/Los_Angeles" and zone.daylight and zone.standard
    assert calendar.events[0].start.astimezone(UTC) == STARTS.astimezone(UTC)


def test_a_calendar_with_nothing_planned_is_still_one() -> None:
    for zone in ("Asia/Tokyo", "Etc/UTC"):
        calendar = read(zone=zone)
        assert calendar.events == [] and calendar.subcomponents
    assert calendar["X-WR-CALNAME"] == "稼働状況 － メンテナンス予定"


def test_it_stays_one_event_whose_sequence_grows_in_every_language() -> None:
    first, second = event_of(plan("scheduled")), event_of(plan("scheduled", "in_progress"))
    assert first["UID"] == second["UID"] == event_of(plan("scheduled"), language="en")["UID"]
    assert first["SEQUENCE"] < second["SEQUENCE"]
    assert first["LAST-MODIFIED"].dt < second["LAST-MODIFIED"].dt


def test_what_is_cancelled_says_so_and_what_ran_says_when() -> None:
    assert event_of(plan("scheduled", "cancelled"))["STATUS"] == "CANCELLED"
    began, ended = STARTS + timedelta(minutes=5), STARTS + timedelta(minutes=50)
    event = event_of(plan("scheduled", "in_progress", "completed", started_at=began, ended_at=ended))
    assert (event.start, event.end) == (began, ended)


def test_what_ended_as_it_began_has_no_end() -> None:
    event = event_of(plan("scheduled", "in_progress", "completed", started_at=STARTS, ended_at=STARTS))
    assert "DTEND" not in event


def test_lines_are_folded_by_octets() -> None:
    title = "検索基盤とメール送信基盤の設備更新に伴うサービス停止のお知らせ" * 4
    written = write([plan("scheduled", title=title, body=title)], edition())
    assert b"\r\n" in written and max(map(len, written.split(b"\r\n"))) <= 75
    assert event_of(plan("scheduled", title=title))["SUMMARY"] == title


@patient
@given(text=st.one_of(hostile_text(), st.text(max_size=30)))
def test_no_text_breaks_a_calendar(text: str) -> None:
    written = write([plan("scheduled", title=text, body=text)], edition())
    found = Calendar.from_ical(written)
    assert len(found.events) == 1 and not found.events[0].errors
    assert found.events[0]["STATUS"] == "CONFIRMED"
    assert max(map(len, written.split(b"\r\n"))) <= 75
