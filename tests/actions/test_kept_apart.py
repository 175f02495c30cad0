"""What monitors see of a service while its maintenance runs, and after it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from incidents.actions import automation
from incidents.actions import maintenance as actions
from incidents.actions.detection import Judged
from incidents.actions.monitor import apply_judgement, judge_anew
from incidents.lib import times
from incidents.models import Incident, Maintenance, Monitor, Service, Signal
from incidents.queries.monitor import lock_monitor
from incidents.queries.page import overview
from tests import make
from tests.at_once import run_at_once
from tests.make import jst

pytestmark = pytest.mark.django_db
ANNOUNCED = jst("2020-09-01 12:00")
FROM, UNTIL = jst("2020-09-05 02:00"), jst("2020-09-05 04:00")
DURING = jst("2020-09-05 03:00")
MINUTE = timedelta(minutes=1)


def watched(**values: str) -> tuple[Service, Monitor]:
    service = make.service(make.page(), name="Email Archive", **values)
    monitor = make.monitor(service, kind="http", name="画面", target="https://example.com/")
    judge(monitor, "up", FROM - MINUTE)
    return service, monitor


def judge(monitor: Monitor, verdict: str, at: datetime) -> None:
    with times.at(at), transaction.atomic():
        held = lock_monitor(monitor.pk)
        apply_judgement(held, Judged(verdict, at, at, {"seen": at.isoformat()}))


def running(service: Service, status: str = "maintenance") -> Maintenance:
    with times.at(ANNOUNCED):
        maintenance = make.maintenance(
            service.page, {service: status}, scheduled_from=FROM, scheduled_until=UNTIL
        )
    with times.at(FROM):
        actions.start_maintenance(maintenance)
    return maintenance


def status_of(service: Service, at: datetime) -> str:
    with times.at(at):
        return overview(service.page).status


@pytest.mark.parametrize("status", ["maintenance", "degraded", "partial_outage", "major_outage"])
def test_a_service_has_the_status_expected_of_it_since_the_start(status: str) -> None:
    service = make.service(make.page())
    running(service, status)
    with times.at(DURING):
        (shown,) = overview(service.page).groups[0].services
    assert (shown.status, shown.since, shown.is_set_by_hand) == (status, FROM, False)


@pytest.mark.parametrize("end", [actions.finish_maintenance, actions.cancel_maintenance])
def test_a_service_runs_again_when_its_maintenance_is_over(end: Callable[[Maintenance], object]) -> None:
    service = make.service(make.page())
    maintenance = running(service)
    with times.at(DURING):
        actions.verify_maintenance(maintenance)
    assert status_of(service, DURING) == "maintenance"
    with times.at(UNTIL):
        end(maintenance)
    assert status_of(service, UNTIL) == "operational"


def test_a_maintenance_masks_no_outage() -> None:
    service = make.service(make.page())
    running(service)
    with times.at(DURING):
        incident = make.incident(service.page, {service: "partial_outage"})
        make.update(incident)
    assert status_of(service, DURING) == "partial_outage"


def test_a_failure_under_maintenance_opens_nothing_and_colours_nothing() -> None:
    service, monitor = watched(policy="publish")
    maintenance = running(service)
    judge(monitor, "down", DURING)
    assert not Incident.objects.exists()
    assert [(s.maintenance, s.incident, s.ended_at) for s in monitor.signals.all()] == [
        (maintenance, None, None)
    ]
    assert status_of(service, DURING) == "maintenance"


def test_a_failure_of_another_service_is_judged_as_usual() -> None:
    service, _ = watched()
    running(service)
    other = make.service(service.page)
    judge(make.monitor(other, kind="http", target="https://example.com/"), "down", DURING)
    assert Incident.objects.get().impacts.get().service == other


def test_a_failure_before_or_after_the_maintenance_is_judged_as_usual() -> None:
    service, monitor = watched()
    with times.at(ANNOUNCED):
        maintenance = make.maintenance(
            service.page, {service: "maintenance"}, scheduled_from=FROM, scheduled_until=UNTIL
        )
    judge(monitor, "down", FROM - MINUTE)
    assert Incident.objects.get().state == "draft"
    judge(monitor, "up", FROM)
    with times.at(FROM):
        actions.start_maintenance(maintenance)
    with times.at(DURING):
        actions.finish_maintenance(maintenance)
    judge(monitor, "down", UNTIL)
    assert Incident.objects.filter(state="draft").count() == 1


def test_what_failed_before_the_start_goes_on_in_its_draft() -> None:
    service, monitor = watched()
    judge(monitor, "unstable", FROM - MINUTE)
    running(service)
    judge(monitor, "down", DURING)
    incident = Incident.objects.get()
    assert incident.impacts.get().status == "major_outage"
    assert monitor.signals.get().incident == incident
    assert status_of(service, DURING) == "major_outage"


def test_recovery_within_the_maintenance_is_quiet() -> None:
    service, monitor = watched()
    running(service)
    judge(monitor, "down", DURING)
    judge(monitor, "up", DURING + MINUTE)
    assert not Incident.objects.exists()
    assert monitor.signals.get().ended_at == DURING + MINUTE


def test_what_still_fails_at_the_end_is_grey_until_it_is_judged_anew() -> None:
    service, monitor = watched()
    maintenance = running(service)
    judge(monitor, "down", DURING)
    with times.at(UNTIL):
        actions.finish_maintenance(maintenance)
    assert status_of(service, UNTIL) == "unknown"
    assert not Signal.objects.filter(ended_at=None).exists()
    judge(monitor, "down", UNTIL + MINUTE)
    incident = Incident.objects.get()
    assert (incident.state, incident.started_at) == ("draft", UNTIL + MINUTE)
    assert status_of(service, UNTIL + MINUTE) == "major_outage"


def test_what_runs_at_the_end_stays_green() -> None:
    service, monitor = watched()
    maintenance = running(service)
    judge(monitor, "down", DURING)
    judge(monitor, "up", UNTIL - MINUTE)
    with times.at(UNTIL):
        actions.finish_maintenance(maintenance)
    assert status_of(service, UNTIL) == "operational"


def test_a_failure_stays_apart_while_another_maintenance_of_the_service_runs() -> None:
    service, monitor = watched()
    first, second = running(service), running(service)
    judge(monitor, "down", DURING)
    with times.at(UNTIL):
        actions.finish_maintenance(first)
        assert monitor.signals.filter(ended_at=None).exists()
        actions.finish_maintenance(second)
    assert not monitor.signals.filter(ended_at=None).exists()
    assert status_of(service, UNTIL) == "unknown"


def test_a_service_taken_out_of_a_running_maintenance_is_judged_anew() -> None:
    service, monitor = watched()
    maintenance = running(service)
    judge(monitor, "down", DURING)
    with times.at(DURING):
        actions.correct_maintenance(
            maintenance,
            title=maintenance.title,
            titles={},
            services={make.service(service.page): "maintenance"},
            auto_start=True,
            auto_finish=False,
        )
    monitor.refresh_from_db()
    assert monitor.verdict == "unknown"


def test_a_draft_that_waits_to_publish_itself_does_so_though_a_maintenance_began_meanwhile() -> None:
    service, monitor = watched(policy="publish")
    judge(monitor, "down", FROM - MINUTE)
    running(service)
    with times.at(FROM + 10 * MINUTE):
        assert automation.publish_due(notify=False) == 1


@pytest.mark.django_db(transaction=True)
def test_a_failure_that_is_taken_as_the_maintenance_ends_is_not_lost() -> None:
    """Whichever comes first: kept apart and then forgotten, or judged as usual. Never apart for ever."""
    service, monitor = watched()
    maintenance = running(service)

    def fail() -> None:
        judge(monitor, "down", UNTIL)

    def finish() -> None:
        with times.at(UNTIL):
            actions.finish_maintenance(maintenance)

    assert run_at_once(fail, finish) is None
    monitor.refresh_from_db()
    assert monitor.verdict == "unknown"
    assert not Signal.objects.filter(ended_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_failure_that_waits_for_the_end_is_judged_as_usual() -> None:
    service, monitor = watched()
    maintenance = running(service)

    def finish() -> None:
        with times.at(UNTIL):
            actions.finish_maintenance(maintenance)

    def fail() -> None:
        judge(monitor, "down", UNTIL)

    assert run_at_once(finish, fail) is None
    assert Incident.objects.get().state == "draft"


@pytest.mark.django_db(transaction=True)
def test_two_maintenances_that_end_at_once_leave_nothing_apart() -> None:
    service, monitor = watched()
    first, second = running(service), running(service)
    judge(monitor, "down", DURING)

    def end(maintenance: Maintenance) -> Callable[[], None]:
        def finish() -> None:
            with times.at(UNTIL):
                actions.finish_maintenance(maintenance)

        return finish

    assert run_at_once(end(first), end(second)) is None
    assert not Signal.objects.filter(ended_at=None).exists()


def test_nothing_is_forgotten_where_nothing_was_kept_apart() -> None:
    service, monitor = watched()
    judge(monitor, "down", FROM - MINUTE)
    judge_anew([service.pk])
    monitor.refresh_from_db()
    assert monitor.verdict == "down"
