"""Results rolled up as the beat does it: in passes, late, twice, killed."""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from incidents.actions.maintenance import finish_maintenance, start_maintenance
from incidents.actions.monitor import record_results
from incidents.lib import times
from incidents.models import CheckResult, Monitor, MonitorDay, MonitorHour, ServiceDay
from incidents.monitors.intake import take_observations
from incidents.monitors.results import Result
from incidents.monitors.rollup import roll_up_due
from incidents.monitors.series import FORM
from incidents.monitors.settling import take_result
from incidents.queries.monitor import lock_monitor
from tests import make
from tests.at_once import run_at_once
from tests.make import jst

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MIDNIGHT = jst("2020-09-04 00:00")
COLUMNS = ("seconds", "up", "degraded", "partial_outage", "major_outage")


def watch(created_at: datetime = MIDNIGHT, **values: object) -> Monitor:
    zone = values.pop("time_zone", "Asia/Tokyo")
    with times.at(created_at):
        return make.monitor(make.service(make.page(time_zone=zone)), kind="http", **values)


def every(step: timedelta, begins: datetime, ends: datetime) -> list[datetime]:
    return [begins + step * number for number in range(int((ends - begins) / step))]


@transaction.atomic
def take(monitor: Monitor, instants: Iterable[datetime], *, latency_ms: float | None = None) -> None:
    rows = [CheckResult(monitor=monitor, at=at, ok=True, latency_ms=latency_ms) for at in instants]
    record_results(lock_monitor(monitor.pk), rows)


def judge(monitor: Monitor, at: datetime, *, ok: bool) -> None:
    with times.at(at):
        take_result(monitor.pk, Result(at, ok=ok))


def fail(monitor: Monitor, begins: datetime, ends: datetime) -> None:
    """Checks a minute that fail, and after that pass until the judge has believed them."""
    for at in every(MINUTE, begins, ends):
        judge(monitor, at, ok=False)
    for at in every(MINUTE, ends, ends + 3 * MINUTE):
        judge(monitor, at, ok=True)


def roll_up(at: datetime) -> None:
    with times.at(at):
        roll_up_due()


def service_day(day: str = "2020-09-04") -> tuple[int, ...] | None:
    return ServiceDay.objects.filter(day=date.fromisoformat(day)).values_list(*COLUMNS).first()


def kept() -> list[str]:
    """All that is rolled up, without what names a row."""
    tables = (MonitorHour, MonitorDay, ServiceDay)
    rows = [row for table in tables for row in table.objects.order_by("pk").values()]
    return sorted(repr({name: value for name, value in row.items() if name != "id"}) for row in rows)


def test_a_day_of_passes_is_wholly_up() -> None:
    monitor = watch()
    take(monitor, every(MINUTE, MIDNIGHT, MIDNIGHT + DAY), latency_ms=120.0)
    roll_up(MIDNIGHT + DAY + HOUR)
    assert service_day() == (86_400, 86_400, 0, 0, 0)
    day = MonitorDay.objects.get(day="2020-09-04")
    assert (day.up, day.failing, day.checks, day.failed, day.median) == (86_400, 0, 1440, 0, 120)
    assert MonitorHour.objects.filter(up=3600, at__lt=MIDNIGHT + DAY).count() == 24


def test_the_current_day_is_right_up_to_the_pass() -> None:
    monitor = watch()
    take(monitor, every(MINUTE, MIDNIGHT, MIDNIGHT + 10 * HOUR))
    roll_up(MIDNIGHT + 10 * HOUR)
    assert service_day() == (86_400, 36_000, 0, 0, 0)


def test_a_failure_counts_from_its_onset_to_when_it_was_seen_to_end() -> None:
    monitor = watch()
    take(monitor, every(MINUTE, MIDNIGHT, MIDNIGHT + 2 * HOUR))
    fail(monitor, MIDNIGHT + 2 * HOUR, MIDNIGHT + 3 * HOUR)
    take(monitor, every(MINUTE, MIDNIGHT + 3 * HOUR, MIDNIGHT + DAY))
    roll_up(MIDNIGHT + DAY + HOUR)
    # The second pass a minute after the first is believed.
    assert service_day() == (86_400, 86_400 - 3660, 0, 0, 3660)
    assert MonitorDay.objects.get(day="2020-09-04").failed == 60


def test_a_single_failure_is_counted_and_is_no_outage() -> None:
    monitor = watch()
    take(monitor, every(MINUTE, MIDNIGHT, MIDNIGHT + HOUR))
    judge(monitor, MIDNIGHT + HOUR, ok=True)
    judge(monitor, MIDNIGHT + HOUR + MINUTE, ok=False)
    take(monitor, every(MINUTE, MIDNIGHT + HOUR + 2 * MINUTE, MIDNIGHT + 2 * HOUR))
    roll_up(MIDNIGHT + 2 * HOUR)
    assert service_day() == (86_400, 7200, 0, 0, 0)
    assert MonitorDay.objects.get().failed == 1


def test_silence_is_unknown_once_the_last_result_is_too_old() -> None:
    monitor = watch()
    take(monitor, [MIDNIGHT, MIDNIGHT + 6 * HOUR])
    roll_up(MIDNIGHT + DAY)
    assert service_day() == (86_400, 2 * 180, 0, 0, 0)


def test_a_day_without_a_result_has_no_row() -> None:
    take(watch(), [MIDNIGHT])
    roll_up(MIDNIGHT + 3 * DAY)
    assert list(ServiceDay.objects.values_list("day", flat=True)) == [date(2020, 9, 4)]


def test_monitors_that_fail_together_count_once_with_the_worst() -> None:
    first = watch()
    with times.at(MIDNIGHT):
        second = make.monitor(first.service, kind="http", status_when_failing="degraded")
    for monitor in (first, second):
        take(monitor, every(MINUTE, MIDNIGHT, MIDNIGHT + HOUR))
    fail(first, MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR)
    fail(second, MIDNIGHT + HOUR, MIDNIGHT + 3 * HOUR)
    roll_up(MIDNIGHT + 3 * HOUR + 2 * MINUTE)
    assert service_day() == (86_400, 3600 + 60, 3600, 0, 3660)
    assert {day.failing for day in MonitorDay.objects.all()} == {3660, 7260}


def test_what_fails_during_planned_work_is_kept_apart() -> None:
    monitor = watch()
    begins_at, ends_at = MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR
    with times.at(MIDNIGHT):
        work = make.maintenance(
            monitor.service.page,
            {monitor.service: "maintenance"},
            scheduled_from=begins_at,
            scheduled_until=ends_at,
        )
    take(monitor, every(MINUTE, MIDNIGHT, begins_at))
    with times.at(begins_at):
        start_maintenance(work)
    for at in every(MINUTE, begins_at, ends_at):
        judge(monitor, at, ok=False)
    with times.at(ends_at):
        finish_maintenance(work)
    take(monitor, every(MINUTE, ends_at, ends_at + HOUR))
    roll_up(ends_at + HOUR)
    day = ServiceDay.objects.get()
    assert (day.up, day.maintenance, day.major_outage) == (7200, 3600, 0)
    assert MonitorDay.objects.get().failing == 0


@pytest.mark.parametrize("minutes", [1, 7, 61, 24 * 60])
def test_many_passes_come_to_what_one_comes_to(minutes: int) -> None:
    monitor = watch()
    took: list[datetime] = every(5 * MINUTE, MIDNIGHT, MIDNIGHT + 2 * HOUR)
    pass_at = MIDNIGHT
    for at in took:
        while pass_at < at:
            roll_up(pass_at)
            pass_at += minutes * MINUTE
        judge(monitor, at, ok=not 20 <= at.minute < 50)
    roll_up(MIDNIGHT + 26 * HOUR)
    in_passes = kept()
    Monitor.objects.update(rolled_until=MIDNIGHT)
    roll_up(MIDNIGHT + 26 * HOUR)
    assert in_passes == kept()
    assert service_day() != (86_400, 7200, 0, 0, 0)


def test_what_comes_late_is_counted_where_it_belongs() -> None:
    monitor = watch()
    on_time, late = (
        every(MINUTE, MIDNIGHT, MIDNIGHT + HOUR),
        every(MINUTE, MIDNIGHT + HOUR, MIDNIGHT + 9 * HOUR),
    )
    with times.at(MIDNIGHT + 3 * DAY):
        take(monitor, on_time)
        roll_up_due()
        assert service_day() == (86_400, 3600 + 120, 0, 0, 0)
        take(monitor, late)
        roll_up_due()
    assert service_day() == (86_400, 9 * 3600 + 120, 0, 0, 0)


def test_a_pass_that_was_killed_leaves_nothing_and_the_next_makes_up_for_it() -> None:
    monitor = watch()
    take(monitor, every(MINUTE, MIDNIGHT, MIDNIGHT + DAY))
    with pytest.raises(SystemExit), transaction.atomic():
        roll_up(MIDNIGHT + DAY)
        assert kept()
        raise SystemExit
    assert not kept()
    roll_up(MIDNIGHT + DAY)
    assert service_day() == (86_400, 86_400, 0, 0, 0)
    once = kept()
    roll_up(MIDNIGHT + DAY)
    assert kept() == once


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-01", 24)])
def test_a_day_is_one_of_the_page_s_zone_with_its_true_length(day: str, hours: int) -> None:
    begins = (
        datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("America/New_York")).astimezone(ZoneInfo("UTC"))
    )
    monitor = watch(begins, time_zone="America/New_York")
    take(monitor, every(MINUTE, begins, begins + 26 * HOUR))
    roll_up(begins + 26 * HOUR)
    assert service_day(day) == (hours * 3600, hours * 3600, 0, 0, 0)
    assert MonitorDay.objects.get(day=day).checks == hours * 60


def test_counts_vouch_for_the_hours_they_count_once_they_can_be_judged() -> None:
    with times.at(MIDNIGHT - 15 * DAY):
        monitor = make.monitor(make.service(make.page()), kind="baseline")
    with times.at(MIDNIGHT + DAY):
        stamps = every(HOUR, MIDNIGHT - 15 * DAY, MIDNIGHT + DAY + HOUR)
        take_observations(monitor, [(at, 1000.0 + at.hour) for at in stamps])
        roll_up_due()
    assert service_day("2020-09-02") is None  # two weeks are learnt before anything is judged
    assert service_day("2020-09-04") == (86_400, 86_400, 0, 0, 0)
    nine = MonitorHour.objects.get(at=MIDNIGHT + 9 * HOUR)
    assert (nine.measured, nine.least, nine.most) == (1, 1010, 1010)  # stamped 10:00, the end of its hour
    assert nine.usual_low is not None and nine.usual_high is not None
    assert nine.usual_low < 1010 < nine.usual_high


def test_a_count_that_comes_late_fills_the_hour_before_it() -> None:
    with times.at(MIDNIGHT - 20 * DAY):
        monitor = make.monitor(make.service(make.page()), kind="baseline")
    stamps = every(HOUR, MIDNIGHT - 20 * DAY, MIDNIGHT)
    with times.at(MIDNIGHT + DAY):
        take_observations(monitor, [(at, 500.0) for at in stamps])
        roll_up_due()
        assert service_day() == (86_400, 2 * 3600, 0, 0, 0)  # the last value is believed for three hours
        take_observations(monitor, [(MIDNIGHT + 12 * HOUR, 500.0)])
        roll_up_due()
    assert service_day() == (86_400, 2 * 3600 + 4 * 3600, 0, 0, 0)


def test_a_long_absence_is_made_up_for_from_what_is_still_there() -> None:
    monitor = watch(MIDNIGHT - 30 * DAY)
    take(monitor, every(HOUR, MIDNIGHT - 12 * DAY, MIDNIGHT))
    roll_up(MIDNIGHT)
    assert ServiceDay.objects.count() == 12
    assert {day.up for day in ServiceDay.objects.all()} == {24 * 180}


def test_a_monitor_that_cannot_be_rolled_up_keeps_no_other_from_it(caplog: pytest.LogCaptureFixture) -> None:
    sound, poison = watch(), watch()
    take(sound, [MIDNIGHT])
    Monitor.objects.filter(pk=poison.pk).update(kind="baseline", state={"form": FORM, "usual": "nonsense"})
    with caplog.at_level(logging.CRITICAL, logger="incidents.monitors.rollup"):
        roll_up(MIDNIGHT + HOUR)
    assert MonitorDay.objects.get().monitor_id == sound.pk
    sound.refresh_from_db()
    poison.refresh_from_db()
    assert sound.rolled_until == MIDNIGHT + HOUR
    assert poison.rolled_until == MIDNIGHT


@pytest.mark.parametrize("count", [1, 3])
def test_a_pass_over_more_monitors_asks_no_more(count: int) -> None:
    service = make.service(make.page())
    for _ in range(count):
        with times.at(MIDNIGHT):
            take(make.monitor(service, kind="http"), [MIDNIGHT])
    with CaptureQueriesContext(connection) as queries:
        roll_up(MIDNIGHT + HOUR)
    assert len(queries) == 15, "\n".join(query["sql"][:100] for query in queries)


@pytest.mark.django_db(transaction=True)
def test_a_result_that_comes_during_a_pass_is_in_the_next() -> None:
    monitor = watch()
    take(monitor, [MIDNIGHT])
    with times.at(MIDNIGHT + 2 * HOUR):
        roll_up_due()
    late = MIDNIGHT + HOUR

    def pass_by() -> None:
        roll_up(MIDNIGHT + 3 * HOUR)

    assert run_at_once(pass_by, lambda: judge(monitor, late, ok=True)) is None
    roll_up(MIDNIGHT + 3 * HOUR)
    assert service_day() == (86_400, 360, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_pass_that_comes_while_a_result_is_taken_waits_for_it() -> None:
    monitor = watch()
    roll_up(MIDNIGHT + HOUR)

    def pass_by() -> None:
        roll_up(MIDNIGHT + 3 * HOUR)

    assert run_at_once(lambda: judge(monitor, MIDNIGHT, ok=True), pass_by) is None
    roll_up(MIDNIGHT + 3 * HOUR)
    assert service_day() == (86_400, 180, 0, 0, 0)


@pytest.mark.parametrize(("told", "up"), [(1, 0), (2, 3600), (3, 3600)])
def test_an_hour_of_which_too_few_locations_told_is_not_up(told: int, up: int) -> None:
    places = ("main", "osaka", "nagoya")
    monitor = watch(locations=places)
    rows = [
        CheckResult(monitor=monitor, location=place, at=at, ok=True)
        for place in places[:told]
        for at in every(MINUTE, MIDNIGHT, MIDNIGHT + HOUR)
    ]
    with transaction.atomic():
        record_results(lock_monitor(monitor.pk), rows)
    roll_up(MIDNIGHT + HOUR)
    assert sum(monitor.hours.values_list("up", flat=True)) == up
