"""The drawing of a service's days: what is ordinary costs little, what is not is a mark or a run of its own."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from incidents.lib.spans import Ranked
from incidents.queries.past_days import Calendar, Past, Seconds, declare
from incidents.snapshots.bars import Bar, Place, draw
from tests.make import jst

HOUR, DAY = 3600, 86_400
MAINTENANCE, DEGRADED, PARTIAL, MAJOR = 1, 2, 3, 4
CALENDAR = Calendar.up_to(jst("2020-09-04 12:00"), days=10, zone=ZoneInfo("Asia/Tokyo"))
LAST_AUGUST = 5  # the day of the calendar


def bar(
    *ranked: Ranked,
    seen: Mapping[int, Seconds] | None = None,
    begins: int = 0,
    watched: range = range(10),
    days: range | None = None,
    language: str = "ja",
) -> Bar:
    past = Past(CALENDAR, begins, declare(ranked, CALENDAR), seen or {}, watched)
    with translation.override(language):
        place = Place(slug="mail", prefix="" if language == "ja" else "/en", language=language)
        return draw(past, label="Mail", place=place, days=days)


def hours(day: int, first: float, last: float, rank: int) -> Ranked:
    begins = CALENDAR.bounds[day]
    return begins + int(first * HOUR), begins + int(last * HOUR), rank


def test_ordinary_days_are_one_path_whatever_their_number() -> None:
    drawn = bar()
    assert [(run.kind, run.path, run.title) for run in drawn.runs] == [("up", "M0 23h78", "")]
    assert (drawn.width, drawn.marks) == (78, ())


def test_a_day_of_an_incident_is_a_link_to_that_day_with_what_it_was() -> None:
    drawn = bar(hours(LAST_AUGUST, 9, 10.5, MAJOR), hours(LAST_AUGUST, 10, 11, DEGRADED))
    mark = drawn.marks[0]
    assert (mark.kind, mark.middle, mark.href) == ("major_outage", 43, "/history/2020-08#d31")
    assert mark.title == "8月31日（月） 重大な障害 1時間30分, 性能低下 30分"
    assert drawn.runs[0].path == "M0 23h38M48 23h30"


def test_a_day_that_monitors_alone_saw_leads_to_the_service_s_own_table() -> None:
    mark = bar(seen={5: Seconds(DAY - HOUR, partial_outage=HOUR)}, language="en").marks[0]
    assert (mark.kind, mark.href) == ("partial_outage", "/en/services/mail#2020-08-31")
    assert mark.title == "Mon 31 August Partial outage 1 h (seen by monitoring)"


def test_days_before_the_service_began_are_hollow_and_lead_nowhere() -> None:
    drawn = bar(begins=CALENDAR.bounds[7], watched=range(0))
    unknown = next(run for run in drawn.runs if run.kind == "unknown")
    assert unknown.path == "M0 15h54M0 31h54"
    assert unknown.title == "8月26日（水） ～ 9月1日（火） データなし"
    assert not drawn.marks


def test_silence_is_hollow_and_a_gap_is_striped() -> None:
    drawn = bar(seen={3: Seconds(), 5: Seconds(DAY - 2 * HOUR)}, language="en")
    found = {run.kind: run.title for run in drawn.runs if run.title}
    assert found == {"unknown": "Sat 29 August no data", "gap": "Mon 31 August partly observed"}


@pytest.mark.parametrize("rank", [MAINTENANCE, DEGRADED, PARTIAL, MAJOR])
def test_every_state_has_a_kind_of_its_own(rank: int) -> None:
    kinds = {bar(hours(5, 1, 2, one)).marks[0].kind for one in range(1, 5)}
    assert len(kinds) == 4
    assert bar(hours(5, 1, 2, rank)).marks[0].kind in kinds


def test_a_part_of_the_days_is_drawn_from_its_own_beginning() -> None:
    drawn = bar(hours(1, 1, 2, MAJOR), hours(6, 1, 2, MAJOR), begins=CALENDAR.bounds[0], days=range(5, 10))
    assert [mark.middle for mark in drawn.marks] == [11]
    assert (drawn.width, drawn.runs[0].path) == (38, "M0 23h6M16 23h22")


def test_a_part_that_lies_before_the_beginning_is_all_hollow() -> None:
    drawn = bar(begins=CALENDAR.bounds[8], watched=range(0), days=range(5))
    assert [run.kind for run in drawn.runs] == ["unknown"]
