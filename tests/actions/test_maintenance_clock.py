"""What the clock does to planned maintenance, once, and what it leaves to people."""

from datetime import timedelta
from typing import Any

import pytest

from incidents.actions.maintenance import start_maintenance, tell_of_maintenance
from incidents.actions.maintenance_clock import run_due_maintenances
from incidents.actions.maintenance_telling import Telling
from incidents.lib import times
from incidents.models import AuditEntry, Delivery, Maintenance
from tests import make
from tests.at_once import run_at_once
from tests.make import jst

ANNOUNCED = jst("2020-09-01 12:00")
FROM, UNTIL = jst("2020-09-05 02:00"), jst("2020-09-05 04:00")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def announced(**values: Any) -> Maintenance:
    with times.at(ANNOUNCED):
        given: dict[str, Any] = {"scheduled_from": FROM, "scheduled_until": UNTIL, "auto_finish": True}
        return make.maintenance(make.page(), **{**given, **values})


def state_after(maintenance: Maintenance, *instants: object) -> str:
    for instant in instants:
        with times.at(instant):  # type: ignore[arg-type]
            run_due_maintenances()
    maintenance.refresh_from_db()
    return maintenance.state


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("found_at", "state"),
    [
        (FROM - SECOND, "scheduled"),
        (FROM, "in_progress"),
        (FROM + HOUR, "in_progress"),
        (FROM + HOUR + SECOND, "scheduled"),
        (UNTIL + HOUR, "scheduled"),
    ],
)
def test_a_start_is_announced_when_it_is_found_within_the_hour(found_at: object, state: str) -> None:
    assert state_after(announced(), found_at) == state


@pytest.mark.django_db
def test_a_short_window_that_is_over_when_it_is_found_is_not_announced() -> None:
    maintenance = announced(scheduled_until=FROM + timedelta(minutes=20))
    assert state_after(maintenance, FROM + timedelta(minutes=20)) == "scheduled"
    assert maintenance.waits_for_people(now=FROM + timedelta(minutes=20))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("found_at", "state"),
    [
        (UNTIL - SECOND, "in_progress"),
        (UNTIL, "completed"),
        (UNTIL + HOUR, "completed"),
        (UNTIL + HOUR + SECOND, "in_progress"),
    ],
)
def test_an_end_is_announced_when_it_is_found_within_the_hour(found_at: object, state: str) -> None:
    assert state_after(announced(), FROM, found_at) == state


@pytest.mark.django_db
def test_what_people_do_themselves_the_clock_leaves_alone() -> None:
    by_hand = announced(auto_start=False)
    assert state_after(by_hand, FROM) == "scheduled"
    ends_by_hand = announced(auto_finish=False)
    assert state_after(ends_by_hand, FROM, UNTIL) == "in_progress"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "now", "waits"),
    [
        ({}, FROM - SECOND, False),
        ({}, FROM + HOUR, False),
        ({}, FROM + HOUR + SECOND, True),
        ({"auto_start": False}, FROM - SECOND, False),
        ({"auto_start": False}, FROM, True),
    ],
)
def test_a_start_that_the_clock_will_not_see_to_waits_for_people(
    values: dict[str, object], now: object, waits: bool
) -> None:
    assert announced(**values).waits_for_people(now=now) is waits  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "now", "waits"),
    [
        ({}, UNTIL + HOUR, False),
        ({}, UNTIL + HOUR + SECOND, True),
        ({"auto_finish": False}, UNTIL - SECOND, False),
        ({"auto_finish": False}, UNTIL, True),
    ],
)
def test_an_end_that_the_clock_will_not_see_to_waits_for_people(
    values: dict[str, object], now: object, waits: bool
) -> None:
    maintenance = announced(**values)
    state_after(maintenance, FROM)
    assert maintenance.waits_for_people(now=now) is waits  # type: ignore[arg-type]


@pytest.mark.django_db
def test_what_is_told_is_the_instant_that_was_announced() -> None:
    maintenance = announced()
    state_after(maintenance, FROM + timedelta(seconds=12), UNTIL + timedelta(seconds=7))
    assert (maintenance.started_at, maintenance.ended_at) == (FROM, UNTIL)
    last = maintenance.updates.latest("number")
    assert (last.happened_at, last.published_at) == (UNTIL, UNTIL + timedelta(seconds=7))
    assert last.created_by is None


@pytest.mark.django_db
def test_a_start_found_late_stands_after_what_was_told_meanwhile() -> None:
    maintenance = announced()
    with times.at(FROM + timedelta(minutes=5)):
        tell_of_maintenance(maintenance, Telling("準備中です。"))
    state_after(maintenance, FROM + timedelta(minutes=10))
    assert maintenance.started_at == FROM + timedelta(minutes=5)


@pytest.mark.django_db
def test_a_window_over_the_change_of_clocks_starts_and_ends_at_its_wall_times() -> None:
    """On 8 March 2026 New York's clocks go from 02:00 to 03:00: from 01:30 to 03:30 is one hour."""
    page = make.page(time_zone="America/New_York")
    begins, ends = (
        jst("2026-03-08 15:30"),  # 01:30 EST
        jst("2026-03-08 16:30"),  # 03:30 EDT
    )
    local = [f"{at.astimezone(page.zone):%H:%M %Z}" for at in (begins, ends)]
    assert local == ["01:30 EST", "03:30 EDT"]
    with times.at(ANNOUNCED):
        maintenance = make.maintenance(page, scheduled_from=begins, scheduled_until=ends, auto_finish=True)
    assert state_after(maintenance, begins - SECOND) == "scheduled"
    assert state_after(maintenance, begins, ends - SECOND) == "in_progress"
    assert state_after(maintenance, ends) == "completed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("due", [FROM, UNTIL])
def test_two_workers_at_once_take_a_step_once_and_tell_it_once(due: object) -> None:
    maintenance = announced()
    make.subscriber(maintenance.page)
    if due == UNTIL:
        state_after(maintenance, FROM)

    def run() -> None:
        with times.at(due):  # type: ignore[arg-type]
            run_due_maintenances()

    assert run_at_once(run, run) is None
    maintenance.refresh_from_db()
    step = "start_maintenance" if due == FROM else "finish_maintenance"
    assert maintenance.state == ("in_progress" if due == FROM else "completed")
    assert AuditEntry.objects.filter(action=step).count() == 1
    assert Delivery.objects.count() == (0 if due == FROM else 1)


@pytest.mark.django_db(transaction=True)
def test_a_person_and_the_clock_at_once_start_it_once() -> None:
    maintenance = announced()

    def by_clock() -> None:
        with times.at(FROM):
            run_due_maintenances()

    def by_hand() -> None:
        with times.at(FROM):
            start_maintenance(maintenance)

    assert run_at_once(by_hand, by_clock) is None
    assert maintenance.updates.count() == 2
