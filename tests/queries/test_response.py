"""What each figure means, as a table."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from incidents.queries.response import (
    Course,
    Figure,
    Kept,
    Promise,
    Summary,
    ToldAt,
    measure,
    summarise,
)
from tests.make import jst

ONSET = jst("2020-09-01 09:00")
TODAY = date(2020, 10, 30)


def at(minutes: float) -> datetime:
    return ONSET + timedelta(minutes=minutes)


def told(
    *minutes: float, over: bool = False, promised: dict[float, float] | None = None
) -> tuple[ToldAt, ...]:
    """Updates at these minutes; with `over` the last ends it."""
    due = promised or {}
    return tuple(
        ToldAt(at(one), over and one == minutes[-1], at(due[one]) if one in due else None) for one in minutes
    )


def spans(figure: Figure, **course: Any) -> list[float]:
    measured = measure(Course(ONSET, **course), now=at(10_000), today=TODAY)
    return [span / timedelta(minutes=1) for span in measured.spans[figure]]


@pytest.mark.parametrize(
    ("figure", "course", "minutes"),
    [
        (Figure.DETECT, {"detected_at": at(5)}, [5]),
        (Figure.DETECT, {}, []),
        (Figure.DETECT, {"detected_at": at(-5)}, []),  # the onset was corrected to a later instant
        (Figure.ENQUIRY, {"enquired_at": at(10), "told": told(40, 50)}, [30]),
        (Figure.ENQUIRY, {"enquired_at": at(60), "told": told(40)}, []),  # told before anybody asked
        (Figure.ENQUIRY, {"enquired_at": at(10)}, []),
        (Figure.RECOGNITION, {"recognised_at": at(20), "told": told(26)}, [6]),
        (Figure.RECOGNITION, {"told": told(26)}, []),
        (Figure.BETWEEN, {"told": told(0)}, []),
        (Figure.BETWEEN, {"told": told(0, 30, 90)}, [30, 60]),
        (Figure.BETWEEN, {"told": (*told(0, 30, over=True), ToldAt(at(9000), is_over=True))}, [30]),
        (Figure.RESOLVE, {"ended_at": at(75)}, [75]),
        (Figure.RESOLVE, {}, []),
        (Figure.REPORT, {"ended_on": date(2020, 9, 8), "reported_on": date(2020, 10, 8)}, [30 * 1440]),
        (Figure.REPORT, {"ended_on": date(2020, 9, 8)}, []),
        (Figure.REPORT, {"reported_on": date(2020, 9, 8)}, []),
    ],
)
def test_a_figure_is_what_its_definition_says(
    figure: Figure, course: dict[str, Any], minutes: list[float]
) -> None:
    assert spans(figure, **course) == minutes


@pytest.mark.parametrize(
    ("updates", "now", "kept"),
    [
        (told(0), 100, Kept()),
        (told(0, 30, promised={0: 30}), 100, Kept(kept=1)),
        (told(0, 30.9, promised={0: 30}), 100, Kept(kept=1)),  # to the minute
        (told(0, 31, promised={0: 30}), 100, Kept(broken=1)),
        (told(0, promised={0: 30}), 29, Kept(open=1)),
        (told(0, promised={0: 30}), 31, Kept(broken=1)),
        (told(0, 20, 90, promised={0: 30, 20: 50}), 100, Kept(kept=1, broken=1)),
    ],
)
def test_a_promised_update_is_kept_by_the_next_one(
    updates: tuple[ToldAt, ...], now: float, kept: Kept
) -> None:
    measured = measure(Course(ONSET, told=updates), now=at(now), today=TODAY)
    assert measured.promises[Promise.UPDATE] == kept


@pytest.mark.parametrize(
    ("due", "reported", "kept"),
    [
        (None, None, Kept()),
        (None, date(2020, 10, 8), Kept()),
        (date(2020, 10, 8), date(2020, 10, 8), Kept(kept=1)),
        (date(2020, 10, 8), date(2020, 10, 9), Kept(broken=1)),
        (TODAY, None, Kept(open=1)),
        (TODAY - timedelta(days=1), None, Kept(broken=1)),
    ],
)
def test_a_promised_report_is_kept_on_its_day(due: date | None, reported: date | None, kept: Kept) -> None:
    course = Course(ONSET, report_due_on=due, reported_on=reported)
    assert measure(course, now=at(0), today=TODAY).promises[Promise.REPORT] == kept


def test_a_notice_before_the_first_enquiry_is_counted() -> None:
    early = Course(ONSET, enquired_at=at(60), told=told(40))
    late = Course(ONSET, enquired_at=at(10), told=told(40))
    assert measure(early, now=at(0), today=TODAY).told_before_enquiry
    assert not measure(late, now=at(0), today=TODAY).told_before_enquiry


def test_values_are_summed_up_by_their_middle_and_their_longest() -> None:
    minutes = [timedelta(minutes=n) for n in (1, 30, 5, 8)]
    assert summarise(minutes) == Summary(4, timedelta(minutes=6.5), timedelta(minutes=30))
    assert summarise([]) == Summary(0)
