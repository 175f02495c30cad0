"""Due checks against a real server on loopback, stored and judged."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from incidents.actions.maintenance import finish_maintenance, start_maintenance
from incidents.actions.monitor import park_monitor, set_monitor_enabled
from incidents.actions.monitor_edit import edit_monitor
from incidents.lib import times
from incidents.models import CheckResult, Incident, Monitor, Watch
from incidents.monitors import run
from incidents.monitors.beat import next_beat
from incidents.monitors.intake import take_ping
from incidents.monitors.results import Result
from incidents.monitors.settling import take_result
from incidents.monitors.silence import judge_silent
from incidents.queries.page import overview
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings: Settings) -> Iterator[ThreadingHTTPServer]:
    """Answers with the status it is told by its attribute `status`, after it called `on_request`."""
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.on_request()  # type: ignore[attr-defined]
            self.send_response(self.server.status)  # type: ignore[attr-defined]
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.status = 200  # type: ignore[attr-defined]
    server.on_request = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def watch(site: ThreadingHTTPServer, **settings: object) -> Monitor:
    url = f"http://127.0.0.1:{site.server_address[1]}/"
    return make.monitor(make.service(make.page()), kind="http", target=url, settings=settings)


def check_again(monitor: Monitor, *, seconds: int) -> str:
    """One more check, `seconds` into a simulated time; the lease and the due instant are set free for it."""
    Watch.objects.filter(monitor=monitor).update(next_check_at=timezone.now() - timedelta(seconds=1))
    with times.at(timezone.now() + timedelta(seconds=seconds)):
        assert run.check_due() == 1
    monitor.refresh_from_db()
    return monitor.verdict


def test_a_passing_site_is_up_and_its_next_check_is_on_its_beat(site: ThreadingHTTPServer) -> None:
    monitor = watch(site)
    assert check_again(monitor, seconds=0) == "up"
    assert CheckResult.objects.get().ok
    assert timedelta(seconds=29) < wait_for_check(monitor) <= timedelta(seconds=90)
    assert monitor.watches.get().lease_owner == ""


def test_three_failures_are_down_and_two_passes_over_a_minute_are_up_again(site: ThreadingHTTPServer) -> None:
    monitor = watch(site)
    check_again(monitor, seconds=0)
    site.status = 503  # type: ignore[attr-defined]
    assert [check_again(monitor, seconds=s) for s in (60, 75, 90)] == ["up", "up", "down"]
    assert Incident.objects.get().state == "draft"
    site.status = 200  # type: ignore[attr-defined]
    assert [check_again(monitor, seconds=s) for s in (150, 180, 211)] == ["down", "down", "up"]
    assert Incident.objects.get().state == "dismissed"


def test_a_first_failure_is_looked_at_again_soon(site: ThreadingHTTPServer) -> None:
    monitor = watch(site)
    site.status = 503  # type: ignore[attr-defined]
    check_again(monitor, seconds=0)
    assert timedelta(seconds=14) < wait_for_check(monitor) < timedelta(seconds=16)


def test_answers_that_stay_over_the_latency_limit_are_unstable_not_down(site: ThreadingHTTPServer) -> None:
    monitor = watch(site, max_latency_ms=20)
    site.on_request = lambda: time.sleep(0.03)  # type: ignore[attr-defined]
    verdicts = [check_again(monitor, seconds=60 * number) for number in range(5)]
    assert verdicts == ["up", "up", "up", "up", "unstable"]
    assert monitor.signals.get().status == "degraded"


def test_a_monitor_whose_settings_cannot_work_is_parked_with_the_field_and_blocks_no_other(
    site: ThreadingHTTPServer,
) -> None:
    broken = watch(site, method="FETCH")
    good = watch(site)
    assert run.check_due() == 1
    broken.refresh_from_db()
    assert not broken.enabled
    assert broken.parked_reason.startswith("method: expected one of GET, HEAD, POST")
    assert CheckResult.objects.get().monitor == good


def test_a_target_that_leads_inside_is_a_failed_check_unless_allowed(
    site: ThreadingHTTPServer, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOW = []
    check_again(watch(site), seconds=0)
    assert not CheckResult.objects.get().ok


def test_results_that_stop_make_the_verdict_unknown(site: ThreadingHTTPServer) -> None:
    monitor = watch(site)
    check_again(monitor, seconds=0)
    with times.at(timezone.now() + timedelta(seconds=170)):
        assert judge_silent() == 0
    with times.at(timezone.now() + timedelta(seconds=190)):
        assert judge_silent() == 1
    monitor.refresh_from_db()
    assert monitor.verdict == "unknown"


def test_a_late_heartbeat_fails_without_a_ping(site: ThreadingHTTPServer) -> None:
    monitor = make.monitor(
        make.service(make.page()), kind="heartbeat", settings={"period_seconds": 60, "grace_seconds": 60}
    )
    take_ping(monitor, "")
    assert [check_again(monitor, seconds=s) for s in (100, 125)] == ["up", "down"]


@pytest.mark.parametrize("how", ["maintenance", "edit"])
def test_a_job_that_is_late_stays_so_when_it_is_judged_anew(how: str) -> None:
    """It would else never be missed: no ping comes of it any more."""
    monitor = heartbeat(period_seconds=60, grace_seconds=60)
    service = monitor.service
    take_ping(monitor, "")
    maintenance = make.maintenance(service.page, {service: "maintenance"})
    if how == "maintenance":
        start_maintenance(maintenance)
    assert check_again(monitor, seconds=125) == "down"
    if how == "maintenance":
        finish_maintenance(maintenance)
    else:
        edit_monitor(
            monitor,
            name=monitor.name,
            target="",
            settings={"period_seconds": 90, "grace_seconds": 60},
            interval_seconds=3600,
            status_when_failing="degraded",
        )
    monitor.refresh_from_db()
    assert monitor.verdict == "unknown"
    assert check_again(monitor, seconds=200) == "down"
    assert Incident.objects.filter(state="draft").exists()


def heartbeat(**settings: int) -> Monitor:
    return make.monitor(
        make.service(make.page()),
        kind="heartbeat",
        interval_seconds=3600,
        settings={"period_seconds": 3600, "grace_seconds": 300, **settings},
    )


def wait_for_check(monitor: Monitor) -> timedelta:
    next_check_at = monitor.watches.get().next_check_at
    assert next_check_at is not None
    return next_check_at - timezone.now()


def test_pings_do_not_push_the_next_check_away(db: None) -> None:
    monitor = heartbeat()
    take_ping(monitor, "")
    due_at = monitor.watches.get().next_check_at
    for _ in range(20):
        take_ping(monitor, "")
    assert monitor.watches.get().next_check_at == due_at
    assert timedelta(0) < wait_for_check(monitor) <= timedelta(minutes=60)


def test_a_job_is_looked_at_as_soon_as_its_ping_or_its_end_is_late(db: None) -> None:
    monitor = heartbeat(period_seconds=600)
    watch = monitor.watches.get()
    for event, patience in (("", timedelta(minutes=15)), ("start", timedelta(minutes=5))):
        pinged_at = timezone.now()
        take_ping(monitor, event)
        beat = next_beat(watch.pk, monitor.interval_seconds, after=pinged_at)
        soonest = min(patience, beat - pinged_at)
        assert soonest - timedelta(seconds=30) < wait_for_check(monitor) <= patience


@pytest.mark.django_db(transaction=True)
def test_a_ping_that_comes_while_others_are_asked_counts(site: ThreadingHTTPServer) -> None:
    watch(site)
    monitor = heartbeat(period_seconds=60, grace_seconds=60)
    with times.at(timezone.now() - timedelta(minutes=5)):
        take_ping(monitor, "")
    Watch.objects.filter(monitor=monitor).update(next_check_at=timezone.now() - timedelta(seconds=1))

    def ping() -> None:
        take_ping(monitor, "")
        connection.close()

    site.on_request = ping  # type: ignore[attr-defined]
    assert run.check_due() == 2
    monitor.refresh_from_db()
    assert monitor.verdict == "up"


@pytest.mark.parametrize(
    ("kind", "setting", "reason"),
    [
        ("heartbeat", {"period_seconds": 1}, "period_seconds: expected a whole number from 60 to 2678400"),
        ("http", {"max_latency_ms": 0}, "max_latency_ms: expected a whole number from 1 to 60000"),
        ("http", {"failures_to_down": 99}, "failures_to_down: expected a whole number from 1 to 20"),
    ],
)
def test_a_setting_that_cannot_work_blocks_no_monitor_behind_it(
    site: ThreadingHTTPServer, kind: str, setting: dict[str, int], reason: str
) -> None:
    broken = make.monitor(make.service(make.page()), kind=kind, target="http://127.0.0.1/", settings=setting)
    good, job = watch(site), heartbeat()
    take_ping(job, "")
    assert check_all(broken, good, job) == [reason, "", ""]
    assert (good.verdict, job.verdict) == ("up", "up")


def test_a_state_that_cannot_be_read_blocks_no_monitor_behind_it(site: ThreadingHTTPServer) -> None:
    broken, good = watch(site), watch(site)
    Watch.objects.filter(monitor=broken).update(state={"judge": {"verdict": "?"}})
    assert run.check_due() == 1
    for monitor in (broken, good):
        monitor.refresh_from_db()
    assert (broken.verdict, good.verdict) == ("unknown", "up")


def check_all(*monitors: Monitor) -> list[str]:
    """Checks all of them in one pass; answers why each is parked."""
    Watch.objects.update(next_check_at=timezone.now() - timedelta(seconds=1))
    run.check_due()
    for monitor in monitors:
        monitor.refresh_from_db()
    return [monitor.parked_reason for monitor in monitors]


def test_a_result_that_comes_after_a_pause_is_let_go(site: ThreadingHTTPServer) -> None:
    monitor = watch(site, failures_to_down=1)
    set_monitor_enabled(monitor, False)
    take_result(monitor.pk, Result(timezone.now(), ok=False))
    assert not CheckResult.objects.exists()
    assert not monitor.signals.exists()


def test_a_service_is_grey_after_a_pause_until_its_monitor_has_judged_again(
    site: ThreadingHTTPServer,
) -> None:
    monitor = watch(site, failures_to_down=1)
    site.status = 503  # type: ignore[attr-defined]
    assert check_again(monitor, seconds=0) == "down"
    set_monitor_enabled(monitor, False)
    set_monitor_enabled(monitor, True)
    assert status_of(monitor, seconds=1) == "unknown"
    assert check_again(monitor, seconds=2) == "down"
    assert status_of(monitor, seconds=3) == "major_outage"


def test_a_job_resumed_after_a_pause_is_not_late_before_it_was_heard_of(db: None) -> None:
    monitor = heartbeat()
    with times.at(timezone.now() - timedelta(days=1)):
        take_ping(monitor, "")
    set_monitor_enabled(monitor, False)
    set_monitor_enabled(monitor, True)
    assert check_again(monitor, seconds=0) == "unknown"
    assert not Incident.objects.exists()


def test_a_failure_after_silence_is_not_green_before_it_is_judged(site: ThreadingHTTPServer) -> None:
    monitor = watch(site)
    check_again(monitor, seconds=0)
    with times.at(timezone.now() + timedelta(minutes=10)):
        assert judge_silent() == 1
    site.status = 503  # type: ignore[attr-defined]
    assert check_again(monitor, seconds=601) == "unknown"
    assert status_of(monitor, seconds=602) == "unknown"


def test_a_first_check_that_fails_is_not_green(site: ThreadingHTTPServer) -> None:
    monitor = watch(site)
    site.status = 503  # type: ignore[attr-defined]
    check_again(monitor, seconds=0)
    assert status_of(monitor, seconds=1) == "unknown"


def test_a_service_whose_monitor_is_parked_is_grey(site: ThreadingHTTPServer) -> None:
    monitor = watch(site)
    check_again(monitor, seconds=0)
    assert status_of(monitor, seconds=1) == "operational"
    park_monitor(monitor, reason="method: expected one of GET, HEAD, POST")
    assert status_of(monitor, seconds=1) == "unknown"


def status_of(monitor: Monitor, *, seconds: int) -> str:
    with times.at(timezone.now() + timedelta(seconds=seconds)):
        return overview(monitor.service.page).status
