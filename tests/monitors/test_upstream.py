"""The status page of another: read from a real server, kept as a cause, and never our own outage."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings as DjangoSettings

from incidents.actions.detection import Judged
from incidents.actions.monitor import apply_judgement, set_monitor_charted
from incidents.actions.service import set_dependencies
from incidents.actions.staff_alert import Step, add_contact, set_steps
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard
from incidents.models import CheckResult, Incident, Monitor, Signal, StaffAlert, Watch
from incidents.monitors import rollup, run
from incidents.monitors.checkers import upstream
from incidents.monitors.results import Result
from incidents.monitors.silence import judge_silent
from incidents.notices.staff_letters import told_to
from incidents.queries.monitor import lock_monitor
from incidents.queries.page import overview
from tests import make
from tests.make import jst

NOW = jst("2020-09-01 10:00")


def document(indicator: str = "none", **components: str) -> bytes:
    """As Statuspage answers at /api/v2/summary.json."""
    listed = [
        {"id": f"id{index}", "name": name.replace("_", " "), "status": status, "group": False}
        for index, (name, status) in enumerate(components.items())
    ]
    page = {"id": "kctbh9vrtdwd", "name": "GitHub", "url": "https://www.githubstatus.com"}
    return json.dumps(
        {
            "page": {**page, "time_zone": "Etc/UTC", "updated_at": "2020-09-01T00:40:59.208Z"},
            "components": listed,
            "incidents": [],
            "scheduled_maintenances": [],
            "status": {"indicator": indicator, "description": "Partial System Outage"},
        }
    ).encode()


class StatusPage(ThreadingHTTPServer):
    """Answers `body` with `status`, and *not modified* to who has it already."""

    daemon_threads = True
    body = document()
    status = 200
    etag = 'W/"1"'

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, int]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: StatusPage

    def do_GET(self) -> None:
        page = self.server
        known = page.status == 200 and bool(page.etag) and self.headers.get("If-None-Match") == page.etag
        status, body = (304, b"") if known else (page.status, page.body)
        page.asked.append((self.path, status))
        self.send_response(status)
        self.send_header("ETag", page.etag)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        return


@contextmanager
def serving() -> Iterator[StatusPage]:
    server = StatusPage()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def page() -> Iterator[StatusPage]:
    with serving() as server:
        yield server


def check(page: StatusPage, component: str = "", memory: Any = None, path: str = "") -> Result:
    settings = upstream.read_settings({"component": component, "memory": memory})
    checked = upstream.check(page.url + path, settings, guard=Guard(["127.0.0.0/8"]))
    return asyncio.run(checked)


def said(result: Result) -> str:
    assert result.memory is not None, result.detail
    return str(result.memory["status"])


@pytest.mark.parametrize(
    ("indicator", "status"),
    [
        ("none", "operational"),
        ("minor", "degraded"),
        ("major", "partial_outage"),
        ("critical", "major_outage"),
        ("maintenance", "maintenance"),
    ],
)
def test_the_indicator_of_a_whole_page_is_one_of_our_statuses(
    page: StatusPage, indicator: str, status: str
) -> None:
    page.body = document(indicator)
    result = check(page)
    assert (said(result), result.ok, result.is_final) == (status, True, True)
    assert page.asked == [("/api/v2/summary.json", 200)]


def test_a_component_is_found_by_its_name_or_id(page: StatusPage) -> None:
    page.body = document(
        "major", Git_Operations="operational", Actions="partial_outage", Pages="major_outage"
    )
    assert said(check(page, "Git Operations")) == "operational"
    assert said(check(page, " actions ")) == "partial_outage"
    assert said(check(page, "id2")) == "major_outage"


def test_the_address_of_a_json_document_is_asked_as_it_is(page: StatusPage) -> None:
    check(page, path="/api/v2/status.json")
    check(page, path="/some/page?x=1")
    assert [path for path, _ in page.asked] == ["/api/v2/status.json", "/api/v2/summary.json"]


def test_what_was_not_modified_is_not_sent_again_and_still_fresh(page: StatusPage) -> None:
    page.body = document("minor")
    first = check(page)
    again = check(page, memory=first.memory)
    assert [status for _, status in page.asked] == [200, 304]
    assert (again.memory, again.ok) == (first.memory, True)
    page.etag, page.body = 'W/"2"', document("major")
    assert said(check(page, memory=again.memory)) == "partial_outage"


def test_what_is_known_of_another_document_is_no_condition(page: StatusPage) -> None:
    first = check(page)
    page.body = document("none", Actions="partial_outage")
    assert said(check(page, "Actions", memory=first.memory)) == "partial_outage"
    assert [status for _, status in page.asked] == [200, 200]


@pytest.mark.parametrize("etag", ['"a\r\nX-Evil: 1"', "unquoted", '"' + "x" * 300 + '"'])
def test_an_etag_that_is_none_is_never_sent_back(page: StatusPage, etag: str) -> None:
    memory = {**(check(page).memory or {}), "etag": etag}
    check(page, memory=memory)
    assert [status for _, status in page.asked] == [200, 200]


@pytest.mark.parametrize(
    ("body", "component", "why"),
    [
        (b"<html>", "", "not JSON"),
        (b"[" * 100_000, "", "not JSON"),
        (b"[]", "", "not a summary"),
        (b"{}", "", "indicator"),
        (b'{"status": {"indicator": "fine"}}', "", "'fine'"),
        (b'{"status": {"indicator": ["none"]}}', "", "indicator"),
        (document(), "Actions", "0 components are called 'Actions'"),
        (document("none", Actions="operational", actions="operational"), "Actions", "2 components"),
        (document("none", Actions=""), "Actions", "status"),
        (b'{"components": {"a": 1}}', "Actions", "0 components"),
        (b'{"x": "' + b"y" * (1024 * 1024) + b'"}', "", "larger than"),
    ],
)
def test_what_cannot_be_read_says_nothing(page: StatusPage, body: bytes, component: str, why: str) -> None:
    page.body = body
    result = check(page, component)
    assert (result.ok, result.is_final, result.memory) == (False, False, None)
    assert why in result.detail


@pytest.mark.parametrize("status", [204, 403, 404, 500, 503])
def test_another_answer_than_a_document_says_nothing(page: StatusPage, status: int) -> None:
    page.status = status
    assert check(page).detail == f"answered {status}"


def test_a_document_of_half_a_megabyte_is_read(page: StatusPage) -> None:
    many = {f"Component_{n}": "operational" for n in range(5_000)}
    page.body = document("minor", **many)
    assert len(page.body) > 400_000
    assert said(check(page)) == "degraded"


@pytest.mark.django_db
def test_our_own_summary_can_be_followed(page: StatusPage) -> None:
    ours = make.page()
    service = make.service(ours, name="メール")
    make.update(make.incident(ours, {service: "partial_outage"}))
    page.body = Client().get("/api/v2/summary.json").content
    assert said(check(page, "メール")) == "partial_outage"
    make.monitor(make.service(ours, name="暗号化"), "heartbeat")
    page.body = Client().get("/api/v2/summary.json").content
    assert said(check(page, "暗号化")) == "unknown"


@pytest.mark.parametrize("target", ["status.example.com", "ftp://example.com", "https://u:p@example.com/"])
def test_what_is_no_address_of_a_page_is_refused(target: str) -> None:
    with pytest.raises(Refused) as refusal:
        upstream.find_hosts(target, upstream.Settings())
    assert refusal.value.field == "target"


def test_an_address_inside_gets_no_connection(page: StatusPage) -> None:
    result = asyncio.run(upstream.check(page.url, upstream.Settings(), guard=Guard()))
    assert (result.ok, page.asked) == (False, [])


@pytest.fixture
def monitor(settings: DjangoSettings, page: StatusPage, db: None) -> Monitor:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    service = make.service(make.page(), name="メール保管")
    return make.monitor(service, "upstream", name="Example Cloud", target=page.url, interval_seconds=300)


def run_at(monitor: Monitor, at: datetime) -> Monitor:
    Watch.objects.update(next_check_at=timezone.now(), lease_until=None, lease_owner="")
    with times.at(at):
        run.check_due()
        judge_silent()
    monitor.refresh_from_db()
    return monitor


def service_view(monitor: Monitor, at: datetime = NOW) -> Any:
    with times.at(at):
        [view] = overview(monitor.service.page).services
    return view


def test_an_outage_of_an_upstream_is_a_cause_and_not_ours(page: StatusPage, monitor: Monitor) -> None:
    page.body = document("critical")
    run_at(monitor, NOW)
    assert monitor.verdict == "up"
    assert (service_view(monitor).status, service_view(monitor).upstreams) == ("operational", ())
    assert not Incident.objects.exists()
    assert not Signal.objects.exists()
    rollup.roll_up_due()
    assert not CheckResult.objects.exists()


def test_readers_hear_of_it_where_staff_allow_it_in_fixed_words(page: StatusPage, monitor: Monitor) -> None:
    page.body = document("major").replace(b"Partial System Outage", b"<b>Buy now</b>")
    run_at(monitor, NOW)
    host = monitor.service.page.host

    def shown(path: str = "/") -> str:
        with times.at(NOW):
            return Client().get(path, headers={"Host": host}).content.decode()

    assert "Example Cloud" not in shown()
    set_monitor_charted(monitor, True)
    words = "「Example Cloud」の発表: 一部障害"
    assert words in shown()
    assert words in shown(f"/services/{monitor.service.slug}")
    assert "Example Cloud reports: Partial outage" in shown("/en/")
    assert "Buy now" not in shown()
    page.etag, page.body = 'W/"2"', document()
    run_at(monitor, NOW + timedelta(minutes=5))
    assert "Example Cloud" not in shown()


def test_what_is_too_old_is_unknown_and_no_more_told(page: StatusPage, monitor: Monitor) -> None:
    set_monitor_charted(monitor, True)
    page.body = document("major")
    run_at(monitor, NOW)
    assert [one.status for one in service_view(monitor).upstreams] == ["partial_outage"]
    page.status = 503
    run_at(monitor, NOW + timedelta(minutes=5))
    assert (monitor.verdict, monitor.state["trouble"]) == ("up", "answered 503")
    revision = monitor.service.page.revision
    run_at(monitor, NOW + timedelta(minutes=16))
    assert monitor.verdict == "unknown"
    assert service_view(monitor).upstreams == ()
    assert service_view(monitor).status == "operational"
    monitor.service.page.refresh_from_db()
    assert monitor.service.page.revision > revision
    page.status = 200
    run_at(monitor, NOW + timedelta(minutes=20))
    assert [one.status for one in service_view(monitor).upstreams] == ["partial_outage"]


def test_a_change_upstream_is_a_line_in_the_open_incident_of_the_service(
    page: StatusPage, monitor: Monitor
) -> None:
    run_at(monitor, NOW)
    incident = make.incident(monitor.service.page, {monitor.service: "degraded"})
    page.etag, page.body = 'W/"2"', document("major")
    run_at(monitor, NOW + timedelta(minutes=5))
    run_at(monitor, NOW + timedelta(minutes=10))
    [line] = incident.log.filter(source="monitor")
    assert line.text == "「Example Cloud」のステータスページの表示が変化: 正常稼働中 → 一部障害"


def test_a_new_draft_and_the_call_for_it_name_what_an_upstream_reports(
    page: StatusPage, monitor: Monitor
) -> None:
    service, on = monitor.service, monitor.service.page
    above = make.service(on, name="Shop")
    set_dependencies(above, [service])
    duty = add_contact(on, name="duty", channel="email", place="duty@example.com", language="en")
    set_steps(on, [Step(0, (duty.pk,))])
    page.body = document("major")
    run_at(monitor, NOW)
    ours = make.monitor(above)
    with times.at(NOW + timedelta(minutes=1)), transaction.atomic():
        apply_judgement(lock_monitor(ours.pk), Judged("down", times.now(), None, {}))
    draft = Incident.objects.get()
    last = draft.log.last()
    assert last is not None
    assert last.text == "「Example Cloud」のステータスページの表示: 一部障害"
    told = told_to(duty, StaffAlert.objects.get())
    assert [fact.value for fact in told.facts if fact.label == "Others report"] == [
        "Example Cloud: Partial outage"
    ]


def test_a_service_watched_by_an_upstream_alone_says_nothing_of_fresh_data(
    page: StatusPage, monitor: Monitor
) -> None:
    run_at(monitor, NOW)
    view = service_view(monitor)
    assert (view.last_data_at, view.is_stale) == (None, False)
