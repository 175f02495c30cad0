"""Monitors in the console: chosen, added, changed, looked at. Hosts are addresses: no test asks a resolver."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import Settings

from incidents.actions.monitor import park_monitor, record_observations, record_result
from incidents.console.monitor_kinds import FORMS
from incidents.lib import times
from incidents.lib.ping import can_ping
from incidents.lib.tokens import hash_secret
from incidents.models import AuditEntry, Monitor, Service
from incidents.monitors.intake import take_observations
from incidents.monitors.rollup import roll_up_due
from tests import make
from tests.console.conftest import Desk

SITE = "https://1.1.1.1/"
NEW = {
    "http": {"target": SITE, "verify_certificate": "on"},
    "heartbeat": {},
    "baseline": {},
    "tcp": {"target": "1.1.1.1:25"},
    **({"icmp": {"target": "1.1.1.1"}} if can_ping() else {}),
    "tls": {"target": "1.1.1.1", "verify_certificate": "on", "minimum_version": "1.2", "starttls": ""},
    "dns": {"target": "www.example.com", "record": "A", "match": "any"},
    "smtp": {"target": "1.1.1.1", "tls": "none", "verify_certificate": "on"},
    "mail_round_trip": {
        "target": "probe@example.com",
        "imap_tls": "ssl",
        "smtp_tls": "starttls",
        "smtp_server": "1.1.1.1",
    },
    "spf": {"target": "_spf.example.com"},
    "upstream": {"target": "https://1.1.1.1"},
}


@pytest.fixture
def service(desk: Desk) -> Service:
    return make.service(desk.page)


def address(service: Service, rest: str) -> str:
    return f"/console/services/{service.slug}/monitors/{rest}"


def typed(kind: str, **values: Any) -> dict[str, Any]:
    """The form of a kind as a browser sends it where nothing but what must be is filled in."""
    form = FORMS[kind]()
    given = {
        name: form[name].initial
        for name in form.fields
        if form[name].initial not in (None, False, True) and form[name].widget_type != "checkbox"
    }
    return {**given, "name": "Front page", **NEW[kind], **values}


def add(desk: Desk, service: Service, kind: str, **values: Any) -> Any:
    return desk.client.post(address(service, f"new/{kind}/"), typed(kind, **values))


def test_every_kind_that_has_a_form_is_offered(desk: Desk, service: Service) -> None:
    html = desk.client.get(address(service, "new/")).content.decode()
    for kind in FORMS:
        assert address(service, f"new/{kind}/") in html
        assert desk.client.get(address(service, f"new/{kind}/")).status_code == 200


@pytest.mark.parametrize("kind", ["guess", "HTTP"])
def test_a_kind_without_a_form_is_not_found(desk: Desk, service: Service, kind: str) -> None:
    assert desk.client.get(address(service, f"new/{kind}/")).status_code == 404


@pytest.mark.parametrize("kind", NEW)
def test_what_is_left_as_it_begins_is_not_stored(desk: Desk, service: Service, kind: str) -> None:
    assert add(desk, service, kind).status_code == 200
    monitor = Monitor.objects.get()
    stored = {
        "heartbeat": {"period_seconds": 3600},
        "mail_round_trip": {"smtp_server": "1.1.1.1"},
    }
    assert (monitor.kind, monitor.settings) == (kind, stored.get(kind, {}))
    assert monitor.target == NEW[kind].get("target", "")


@pytest.mark.parametrize(
    ("kind", "values", "stored"),
    [
        ("http", {"keyword": "Welcome"}, {"keyword": "Welcome"}),
        ("http", {"expected_statuses": "200-299, 401"}, {"expected_statuses": "200-299, 401"}),
        ("http", {"verify_certificate": ""}, {"verify_certificate": False}),
        (
            "http",
            {"max_latency_ms": "2000", "most_redirects": "0"},
            {"max_latency_ms": 2000, "most_redirects": 0},
        ),
        ("http", {"user": "ops", "password": " p "}, {"user": "ops", "password": " p "}),
        ("http", {"headers": "A: b\r\nC: d"}, {"headers": "A: b\r\nC: d"}),
        ("tcp", {"send": "PING", "expect": "+PONG"}, {"send": "PING", "expect": "+PONG"}),
        ("dns", {"match": "exactly", "expected": "192.0.2.1"}, {"match": "exactly", "expected": "192.0.2.1"}),
        ("tls", {"starttls": "smtp", "certificate_days": "14"}, {"starttls": "smtp", "certificate_days": 14}),
        ("heartbeat", {"interval_seconds": "600"}, {"period_seconds": 600}),
    ],
)
def test_what_is_filled_in_becomes_a_setting(
    desk: Desk, service: Service, kind: str, values: dict[str, Any], stored: dict[str, Any]
) -> None:
    add(desk, service, kind, **values)
    assert Monitor.objects.get().settings == stored


@pytest.mark.parametrize(
    ("kind", "wrong", "field"),
    [
        ("http", {"name": ""}, "name"),
        ("http", {"name": "Taken"}, "name"),
        ("http", {"target": ""}, "target"),
        ("http", {"target": "ftp://example.com/"}, "target"),
        ("http", {"target": "https://user:secret@1.1.1.1/"}, "target"),
        ("http", {"target": "http://127.0.0.1/"}, "target"),
        ("http", {"target": "http://169.254.169.254/"}, "target"),
        ("http", {"interval_seconds": "9"}, "interval_seconds"),
        ("http", {"status_when_failing": "operational"}, "status_when_failing"),
        ("http", {"headers": "Host: inside"}, "headers"),
        ("http", {"body": "x"}, "body"),
        ("http", {"keyword": "(?=x)", "keyword_is_pattern": "on"}, "keyword"),
        ("http", {"json_path": "$..*..*"}, "json_path"),
        ("http", {"expected_statuses": "2xx"}, "expected_statuses"),
        ("http", {"authorities": "none"}, "authorities"),
        ("http", {"failures_to_down": "99"}, "failures_to_down"),
        ("http", {"total_ms": "60000"}, "total_ms"),
        ("heartbeat", {"interval_seconds": "30"}, "interval_seconds"),
        ("heartbeat", {"grace_seconds": "1"}, "grace_seconds"),
        ("tcp", {"target": "127.0.0.1:25"}, "target"),
        ("tcp", {"target": "1.1.1.1"}, "target"),
        ("tcp", {"target": "1.1.1.1:6379", "send": "FLUSHALL"}, "send"),
        ("tls", {"target": "[::1]:443"}, "target"),
        ("dns", {"resolver": "127.0.0.1"}, "resolver"),
        ("dns", {"match": "exactly"}, "expected"),
        ("smtp", {"recipient": "nobody"}, "recipient"),
        ("mail_round_trip", {"smtp_server": ""}, "smtp_server"),
        ("mail_round_trip", {"smtp_server": "10.0.0.1"}, "smtp_server"),
        ("mail_round_trip", {"imap_server": "10.0.0.1", "imap_user": "probe"}, "imap_server"),
        ("mail_round_trip", {"target": "nobody"}, "target"),
        ("spf", {"target": "localhost"}, "target"),
        ("spf", {"known_networks": "192.0.2.0/33"}, "known_networks"),
        ("spf", {"known_networks": "0.0.0.0/0"}, "known_networks"),
        ("spf", {"hosts": "example"}, "hosts"),
        ("spf", {"least_count": "0"}, "least_count"),
        ("spf", {"window_hours": "200"}, "window_hours"),
        ("upstream", {"target": "https://127.0.0.1"}, "target"),
        ("upstream", {"target": "status"}, "target"),
    ],
)
def test_a_wrong_monitor_names_its_field_and_is_not_added(
    desk: Desk, service: Service, kind: str, wrong: dict[str, Any], field: str
) -> None:
    make.monitor(service, name="Taken")
    response = add(desk, service, kind, **wrong)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert f'id="id_{field}_error"' in response.content.decode()
    assert Monitor.objects.count() == 1
    desk.staff.language = "ja"
    desk.staff.save()
    refused = add(desk, service, kind, **wrong)
    with translation.override("ja"):
        [error] = refused.context["form"].errors[field]
        assert re.search("[ぁ-ん]", error), error


def test_a_private_address_is_taken_where_the_operator_allows_it(
    desk: Desk, service: Service, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOW = ["10.0.0.0/8"]
    add(desk, service, "tcp", target="10.0.0.1:25")
    assert Monitor.objects.get().target == "10.0.0.1:25"


def test_a_heartbeat_shows_the_address_to_report_to(desk: Desk, service: Service) -> None:
    html = add(desk, service, "heartbeat", interval_seconds="600").content.decode()
    assert f"/ping/{Monitor.objects.get().public_id}" in html


def test_a_baseline_shows_its_token_once_and_never_again(desk: Desk, service: Service) -> None:
    response = add(desk, service, "baseline")
    monitor, token = Monitor.objects.get(), response.context["token"]
    assert f"/observations/{monitor.public_id}" in response.content.decode()
    assert token in response.content.decode()
    assert monitor.token_hash == hash_secret(token)
    for rest in ("", f"monitors/{monitor.pk}/", f"monitors/{monitor.pk}/edit/"):
        html = desk.client.get(f"/console/services/{service.slug}/{rest}").content.decode()
        assert token not in html


@pytest.fixture
def site(service: Service) -> Monitor:
    return make.monitor(
        service,
        kind="http",
        name="Front page",
        target=SITE,
        settings={"bearer": "secret-token", "expected_statuses": [200, 401], "connect_ms": 1000},
    )


def change(desk: Desk, monitor: Monitor, **values: Any) -> Any:
    """The form of a monitor as it stands, with some values typed over."""
    place = address(monitor.service, f"{monitor.pk}/edit/")
    form = desk.client.get(place).context["form"]
    shown = {name: form[name].value() for name in form.fields if name not in form.secrets}
    sent = {
        name: "on" if value is True else value for name, value in shown.items() if value not in (None, False)
    }
    return desk.client.post(place, sent | values)


def test_a_monitor_is_changed_and_keeps_what_its_form_does_not_ask(desk: Desk, site: Monitor) -> None:
    response = change(desk, site, name="Start page", keyword="Welcome", interval_seconds="120")
    assert response["Location"] == address(site.service, f"{site.pk}/")
    site.refresh_from_db()
    assert (site.name, site.interval_seconds) == ("Start page", 120)
    assert site.settings == {
        "bearer": "secret-token",
        "expected_statuses": "200, 401",
        "connect_ms": 1000,
        "keyword": "Welcome",
    }


def test_a_secret_is_shown_nowhere_and_written_down_nowhere(desk: Desk, site: Monitor) -> None:
    change(desk, site, user="", password="")
    for rest in ("", f"monitors/{site.pk}/", f"monitors/{site.pk}/edit/"):
        html = desk.client.get(f"/console/services/{site.service.slug}/{rest}").content.decode()
        assert "secret-token" not in html
    refused = change(desk, site, bearer="another-token", keyword="x" * 300)
    assert refused.status_code == 422
    assert "another-token" not in refused.content.decode()
    assert "token" not in str([(entry.before, entry.after) for entry in AuditEntry.objects.all()])


@pytest.mark.parametrize(
    ("values", "bearer"),
    [({}, "secret-token"), ({"bearer": "new"}, "new"), ({"forget_secrets": "on"}, None)],
)
def test_a_secret_stays_until_another_is_typed_or_it_is_to_be_forgotten(
    desk: Desk, site: Monitor, values: dict[str, str], bearer: str | None
) -> None:
    change(desk, site, **values)
    site.refresh_from_db()
    assert site.settings.get("bearer") == bearer


def test_a_secret_is_not_sent_to_another_address_unless_it_is_typed_again(desk: Desk, site: Monitor) -> None:
    elsewhere = "https://8.8.8.8/"
    refused = change(desk, site, target=elsewhere)
    assert (refused.status_code, "bearer" in refused.context["form"].errors) == (422, True)
    change(desk, site, target=elsewhere, bearer="secret-token")
    site.refresh_from_db()
    assert site.target == elsewhere


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "Taken"}, "name"),
        ({"target": "http://10.0.0.1/", "bearer": "x"}, "target"),
        ({"body": "x"}, "body"),
    ],
)
def test_a_wrong_change_names_its_field_and_changes_nothing(
    desk: Desk, site: Monitor, values: dict[str, str], field: str
) -> None:
    make.monitor(site.service, name="Taken")
    response = change(desk, site, **values)
    assert (response.status_code, field in response.context["form"].errors) == (422, True)
    before, after = site.settings, Monitor.objects.get(pk=site.pk)
    assert (after.name, after.target, after.settings) == ("Front page", SITE, before)


def test_what_was_judged_of_another_target_does_not_count_any_more(desk: Desk, site: Monitor) -> None:
    Monitor.objects.update(verdict="up")
    site.watches.update(state={"judge": {}}, next_check_at=timezone.now() + timedelta(hours=1))
    change(desk, site, name="Start page", expected_statuses="200, 401")
    assert site.watches.filter(next_check_at__lte=timezone.now()).exists()
    Monitor.objects.update(verdict="up")
    change(desk, site, name="Home page")
    site.refresh_from_db()
    assert site.verdict == "up"
    change(desk, site, keyword="Welcome")
    site.refresh_from_db()
    assert (site.verdict, site.watches.get().state) == ("unknown", {})


def test_a_monitor_that_was_stopped_watches_again_once_it_is_mended(desk: Desk, site: Monitor) -> None:
    park_monitor(site, reason="method: expected one of GET")
    assert (
        "method: expected one of GET"
        in desk.client.get(address(site.service, f"{site.pk}/")).content.decode()
    )
    change(desk, site)
    site.refresh_from_db()
    assert (site.enabled, site.parked_reason) == (True, "")


def test_a_paused_monitor_stays_paused_when_it_is_changed(desk: Desk, site: Monitor) -> None:
    Monitor.objects.update(enabled=False)
    change(desk, site, name="Start page")
    site.refresh_from_db()
    assert (site.enabled, site.name) == (False, "Start page")


def test_the_screen_shows_the_last_results_the_newest_first(desk: Desk, site: Monitor) -> None:
    now = times.now()
    for number in range(40):
        at = now - timedelta(minutes=40 - number)
        record_result(site, at=at, ok=number % 2 == 0, latency_ms=number, detail=f"answer-{number}.")
    html = desk.client.get(address(site.service, f"{site.pk}/")).content.decode()
    assert html.index("answer-39.") < html.index("answer-38.")
    assert ("answer-10." in html, "answer-9." in html) == (True, False)


def test_the_screen_of_a_count_shows_its_last_values(desk: Desk, service: Service) -> None:
    monitor = make.monitor(service)
    record_observations(monitor, [(times.now(), 1234.0)])
    assert "1234" in desk.client.get(address(service, f"{monitor.pk}/")).content.decode()


def test_a_round_trip_without_a_mailbox_shows_where_its_arrival_is_reported(
    desk: Desk, service: Service
) -> None:
    monitor = make.monitor(service, kind="mail_round_trip", target="probe@example.com")
    html = desk.client.get(address(service, f"{monitor.pk}/")).content.decode()
    assert f"/ping/{monitor.public_id}/&lt;marker&gt;" in html


def test_the_number_of_queries_does_not_grow_with_results(desk: Desk, site: Monitor) -> None:
    counts = []
    for rounds in (1, 2):
        for number in range(rounds):
            at = times.now() - timedelta(minutes=rounds * 10 + number)
            record_result(site, at=at, ok=True, latency_ms=1, detail="200")
        with CaptureQueriesContext(connection) as queries:
            desk.client.get(address(site.service, f"{site.pk}/"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("rest", ["", "edit/"])
def test_a_monitor_of_another_service_is_not_found(desk: Desk, site: Monitor, rest: str) -> None:
    other = make.service(desk.page)
    assert desk.client.get(address(other, f"{site.pk}/{rest}")).status_code == 404


@pytest.fixture
def three_places(settings: Settings) -> None:
    settings.LOCATIONS = ("main", "osaka", "nagoya")


def places_of(monitor: Monitor) -> list[str]:
    return sorted(monitor.watches.values_list("location", flat=True))


def test_where_there_is_one_location_none_is_asked_for(desk: Desk, service: Service) -> None:
    assert "locations" not in FORMS["tcp"]().fields
    add(desk, service, "tcp")
    assert places_of(Monitor.objects.get()) == ["main"]


def test_a_monitor_can_be_checked_from_several_places(
    desk: Desk, service: Service, three_places: None
) -> None:
    add(desk, service, "tcp", locations="main, osaka", locations_to_down="1")
    monitor = Monitor.objects.get()
    assert (places_of(monitor), monitor.locations_to_down) == (["main", "osaka"], 1)
    monitor.watches.update(verdict="up")
    values = typed("tcp", locations="osaka nagoya", locations_to_down="")
    desk.client.post(address(service, f"{monitor.pk}/edit/"), values)
    monitor.refresh_from_db()
    assert (places_of(monitor), monitor.locations_to_down) == (["nagoya", "osaka"], None)
    assert set(monitor.watches.values_list("verdict", flat=True)) == {"unknown"}
    assert not monitor.watches.filter(next_check_at=None).exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"locations": "main, tokyo"}, "locations"),
        ({"locations": "main", "locations_to_down": 2}, "locations_to_down"),
    ],
)
def test_locations_that_there_are_not_are_refused(
    desk: Desk, service: Service, three_places: None, values: dict[str, Any], field: str
) -> None:
    response = add(desk, service, "tcp", **values)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])


def test_what_reports_by_itself_is_judged_at_the_main_one(
    desk: Desk, service: Service, three_places: None
) -> None:
    assert "locations" not in FORMS["heartbeat"]().fields
    add(desk, service, "heartbeat")
    assert places_of(Monitor.objects.get()) == ["main"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"interval_seconds": "7000"}, "interval_seconds"),
        ({"interval_seconds": "30"}, "interval_seconds"),
        ({"country": "Japan"}, "country"),
        ({"closed_days": "Obon"}, "closed_days"),
    ],
)
def test_a_count_that_cannot_be_judged_names_its_field(
    desk: Desk, service: Service, wrong: dict[str, str], field: str
) -> None:
    response = desk.client.post(address(service, "new/baseline/"), typed("baseline", **wrong))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]


def low_count(service: Service) -> Monitor:
    """Five weeks of 1,000 an hour, and then six hours of half."""
    monitor = make.monitor(service, name="Mails")
    hours = 5 * 7 * 24
    ends = times.now().replace(minute=0, second=0, microsecond=0)
    shaken = [900 + 40 * (number * 7 % 6) for number in range(hours)]
    points = [
        (ends - timedelta(hours=hours - 1 - n), value if n < hours - 6 else value / 2)
        for n, value in enumerate(shaken)
    ]
    take_observations(monitor, points)
    monitor.refresh_from_db()
    return monitor


def test_an_unusual_count_says_since_when_and_how_much_and_its_level_can_be_accepted(
    desk: Desk, service: Service
) -> None:
    monitor = low_count(service)
    screen = address(service, f"{monitor.pk}/")
    html = desk.client.get(screen).content.decode()
    assert (monitor.verdict, "50% of the usual" in html, "accept-level" in html) == ("low", True, True)
    assert desk.client.post(f"{screen}accept/")["Location"] == screen
    monitor.refresh_from_db()
    assert monitor.verdict == "up"
    assert AuditEntry.objects.get(action="take_level").actor == desk.staff
    html = desk.client.get(screen).content.decode()
    assert ("accept-level" in html, "is now its usual one" in html) == (False, True)
    assert "its counts are usual" in desk.client.post(f"{screen}accept/", follow=True).content.decode()


def test_a_count_that_is_still_learnt_says_from_when_it_is_judged(desk: Desk, service: Service) -> None:
    monitor = make.monitor(service)
    take_observations(monitor, [(times.now(), 5.0)])
    assert (
        "It still learns what is usual"
        in desk.client.get(address(service, f"{monitor.pk}/")).content.decode()
    )


def test_the_screen_of_a_count_charts_it_beside_its_band(desk: Desk, service: Service) -> None:
    monitor = low_count(service)
    Monitor.objects.update(rolled_until=times.now() - timedelta(days=8))
    roll_up_due()
    html = desk.client.get(address(service, f"{monitor.pk}/")).content.decode()
    assert html.count('<figure class="chart">') == 2
    assert 'class="band"' in html
    assert 'class="unusual"' in html
