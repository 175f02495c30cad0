"""The past of services as it is read from the tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions import maintenance as maintenance_actions
from incidents.actions.incident import dismiss_draft
from incidents.actions.monitor import set_monitor_enabled
from incidents.actions.service import set_policy
from incidents.lib import times
from incidents.models import Monitor, Page, Service, ServiceDay
from incidents.queries.past_days import Past, Seconds
from incidents.queries.uptime import YEAR, load_pasts
from tests import make
from tests.make import jst

pytestmark = pytest.mark.django_db
NOW = jst("2020-09-04 12:00")
CREATED = jst("2019-01-01 00:00")
HOUR, DAY = 3600, 86_400


@pytest.fixture
def page() -> Page:
    return make.page()


def service(page: Page, *, created_at: datetime = CREATED) -> Service:
    made = make.service(page)
    Service.objects.filter(pk=made.pk).update(created_at=created_at)
    return made


def past_of(one: Service, *, days: int = 30) -> Past:
    return load_pasts(one.page, days=days, now=NOW)[one.pk]


def saw(one: Service, days_ago: Sequence[int], *, up: int = DAY, **outages: int) -> None:
    today = NOW.date()
    ServiceDay.objects.bulk_create(
        ServiceDay(service=one, day=today - timedelta(days=back), seconds=DAY, up=up, **outages)
        for back in days_ago
    )


def watch(one: Service) -> Monitor:
    return make.monitor(one, kind="http", target="https://example.com")


def statuses(past: Past) -> str:
    """A letter a day, the newest last."""
    return "".join(day.status[0] for day in past.days())


def test_a_service_that_people_alone_speak_of_is_up_from_its_creation_on(page: Page) -> None:
    one = service(page, created_at=NOW - timedelta(days=3))
    assert statuses(past_of(one, days=7)) == "uuuoooo"
    assert past_of(one).seen_in(30).uptime(weight=0.3) is None
    assert past_of(one).declared_in(30).uptime(weight=0.3) == 1


def test_an_incident_is_declared_once_it_is_public(page: Page) -> None:
    one = service(page)
    with times.at(NOW - timedelta(hours=30)):
        incident = make.incident(page, {one: "major_outage"})
    with times.at(NOW - timedelta(hours=28)):
        assert past_of(one).declared_in(30).lost(weight=0.3) == 0
        make.update(incident)
    with times.at(NOW - timedelta(hours=27)):
        make.update(incident, "resolved")
    past = past_of(one, days=3)
    assert [day.declared.major_outage for day in past.days()] == [0, 3 * HOUR, 0]
    assert statuses(past) == "omo"


def test_an_outage_that_lasts_counts_up_to_now(page: Page) -> None:
    one = service(page)
    with times.at(NOW - timedelta(hours=2)):
        make.update(make.incident(page, {one: "partial_outage"}))
    assert past_of(one).declared_in(30).partial_outage == 2 * HOUR


def test_a_draft_that_was_dismissed_was_nothing(page: Page) -> None:
    one = service(page)
    with times.at(NOW - timedelta(hours=2)):
        dismiss_draft(make.incident(page, {one: "major_outage"}))
    assert past_of(one).declared_in(30).lost(weight=0.3) == 0


def test_an_incident_of_before_the_service_was_set_up_makes_it_begin_there(page: Page) -> None:
    one = service(page, created_at=NOW - timedelta(days=1))
    with times.at(NOW - timedelta(days=3)):
        incident = make.incident(page, {one: "degraded"})
        make.update(incident)
    with times.at(NOW - timedelta(days=3) + timedelta(hours=1)):
        make.update(incident, "resolved")
    assert statuses(past_of(one, days=5)) == "udooo"


def test_days_between_those_that_were_watched_are_unknown_where_nothing_was_seen(page: Page) -> None:
    one = service(page)
    watch(one)
    saw(one, [5, 4, 1])
    saw(one, [0], up=12 * HOUR)
    assert statuses(past_of(one, days=7)) == "ooouuoo"
    seen = past_of(one, days=7).seen_in(7)
    assert seen == Seconds(operational=3 * DAY + 12 * HOUR, unknown=3 * DAY)


def test_a_day_that_was_not_seen_at_the_edge_of_the_period_is_unknown(page: Page) -> None:
    one = service(page)
    watch(one)
    saw(one, [20, 1])
    assert statuses(past_of(one, days=4)) == "uuou"


def test_a_service_that_is_watched_no_more_is_what_people_tell_of_it(page: Page) -> None:
    one = service(page)
    monitor = watch(one)
    saw(one, [5, 4])
    assert statuses(past_of(one, days=7)) == "ooouuuu"
    set_monitor_enabled(monitor, False)
    assert statuses(past_of(one, days=7)) == "ooooooo"


def test_what_monitors_saw_fail_shows_on_its_day_with_what_is_known(page: Page) -> None:
    one = service(page)
    watch(one)
    saw(one, [2, 0])
    saw(one, [1], up=DAY - 2 * HOUR, partial_outage=HOUR)
    day = past_of(one).day(28)
    assert (day.status, day.is_seen, day.is_told, day.has_gap) == ("partial_outage", True, False, True)
    assert day.checks == Seconds(operational=DAY - 2 * HOUR, partial_outage=HOUR, unknown=HOUR)


def test_what_only_staff_observe_is_not_shown(page: Page) -> None:
    one = service(page)
    watch(one)
    saw(one, [1], up=0, major_outage=DAY)
    set_policy(one, "observe", publish_after_minutes=10)
    past = past_of(one)
    assert past.day(28).checks is None
    assert past.seen_in(30).known == 0


@pytest.mark.parametrize("expected", ["maintenance", "major_outage"])
def test_planned_work_is_maintenance_while_it_ran_and_no_outage(page: Page, expected: str) -> None:
    one = service(page)
    begins_at = NOW - timedelta(hours=30)
    with times.at(begins_at - timedelta(hours=9)):
        work = make.maintenance(
            page,
            {one: expected},
            scheduled_from=begins_at,
            scheduled_until=begins_at + timedelta(hours=3),
        )
    assert past_of(one).declared_in(30).maintenance == 0
    with times.at(begins_at):
        maintenance_actions.start_maintenance(work)
    with times.at(begins_at + timedelta(hours=2)):
        maintenance_actions.finish_maintenance(work)
    past = past_of(one, days=3)
    assert [day.declared.maintenance for day in past.days()] == [0, 2 * HOUR, 0]
    assert past.day(1).status == "maintenance"
    assert past.declared_in(3).uptime(weight=0.3) == 1


def test_a_page_shows_the_past_of_the_services_it_chose_from_others(page: Page) -> None:
    one, other = service(page), make.page()
    other.also_shows.add(one)
    saw(one, [1], up=DAY - HOUR, degraded=HOUR)
    with times.at(NOW - timedelta(hours=2)):
        make.update(make.incident(page, {one: "major_outage"}))
    past = load_pasts(other, days=3, now=NOW)[one.pk]
    assert statuses(past) == "odm"


@pytest.mark.parametrize("days", [30, YEAR])
def test_many_services_are_read_in_as_many_queries_as_one(page: Page, days: int) -> None:
    counts = []
    for _ in range(3):
        one = service(page)
        watch(one)
        saw(one, [9, 7, 1])
        with times.at(NOW - timedelta(hours=2)):
            make.update(make.incident(page, {one: "degraded"}))
        with CaptureQueriesContext(connection) as queries:
            assert load_pasts(page, days=days, now=NOW)
        counts.append(len(queries))
    assert counts == [5, 5, 5]
