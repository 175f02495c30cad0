"""Due checks against a real server on loopback, stored and judged."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone
from pytest_django import Settings

from incidents.lib import times
from incidents.models import CheckResult, Incident, Monitor
from incidents.monitors import run
from incidents.monitors.intake import take_ping
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings: Settings) -> Iterator[ThreadingHTTPServer]:
    """Answers with the status it is told by its attribute `status`."""
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(self.server.status)  # type: ignore[attr-defined]
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.status = 200  # type: ignore[attr-defined]
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
    Monitor.objects.filter(pk=monitor.pk).update(next_check_at=timezone.now() - timedelta(seconds=1))
    with times.at(timezone.now() + timedelta(seconds=seconds)):
        assert run.check_due() == 1
    monitor.refresh_from_db()
    return monitor.verdict


def test_a_passing_site_is_up_and_its_next_check_is_an_interval_away(site: ThreadingHTTPServer) -> None:
    monitor = watch(site)
    assert check_again(monitor, seconds=0) == "up"
    assert CheckResult.objects.get().ok
    assert monitor.next_check_at > timezone.now() + timedelta(seconds=50)
    assert monitor.lease_until is None


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
    assert monitor.next_check_at < timezone.now() + timedelta(seconds=16)


def test_a_monitor_whose_settings_cannot_work_is_parked_with_the_field_and_blocks_no_other(
    site: ThreadingHTTPServer,
) -> None:
    broken = watch(site, method="FETCH")
    good = watch(site)
    assert run.check_due() == 2
    broken.refresh_from_db()
    assert (broken.enabled, broken.parked_reason) == (False, "method: expected one of GET, HEAD, POST")
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
        assert run.judge_silent() == 0
    with times.at(timezone.now() + timedelta(seconds=190)):
        assert run.judge_silent() == 1
    monitor.refresh_from_db()
    assert monitor.verdict == "unknown"


def test_a_late_heartbeat_fails_without_a_ping(site: ThreadingHTTPServer) -> None:
    monitor = make.monitor(
        make.service(make.page()), kind="heartbeat", settings={"period_seconds": 60, "grace_seconds": 60}
    )
    take_ping(monitor, "")
    assert [check_again(monitor, seconds=s) for s in (100, 125)] == ["up", "down"]
