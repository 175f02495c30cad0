"""The screen of an SPF monitor, and what the status page of another shows staff and readers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.actions.spf import Source
from incidents.lib import times
from incidents.models import Incident, Monitor
from incidents.monitors.drifting import keep_answer, take_sources
from incidents.monitors.results import Result
from incidents.monitors.upstreams import keep_reading
from tests import make
from tests.console.conftest import Desk

HOSTILE = "<script>alert(1)</script>.example"


def publish(
    monitor: Monitor, *networks: str, fault: str = "", hosts: dict[str, list[object]] | None = None
) -> None:
    rows = [
        [network, ["_spf.sender.example", "_nets.sender.example"], f"ip4:{network}"] for network in networks
    ]
    published = {
        "networks": rows,
        "unflattened": [[["_spf.sender.example"], "exists:%{i}.sender.example"]],
        "lookups": 3,
        "ttl": 3600,
        "fault_kind": "permerror" if fault else "",
        "fault": fault,
    }
    keep_answer(monitor, Result(times.now(), ok=True, memory={"published": published, "hosts": hosts or {}}))


def see(monitor: Monitor, *addresses: str, count: int = 50) -> None:
    at = times.now()
    take_sources(
        monitor,
        [
            Source("198.18.0.1", "accepted", at, 100),
            *[Source(address, "refused", at, count, host="") for address in addresses],
        ],
    )


@pytest.fixture
def monitor(desk: Desk) -> Monitor:
    service = make.service(desk.page)
    return make.monitor(service, "spf", name="送信元", target="_spf.sender.example", interval_seconds=3600)


def shown(desk: Desk, monitor: Monitor) -> str:
    return desk.client.get(address(monitor)).content.decode()


def address(monitor: Monitor, rest: str = "") -> str:
    return f"/console/services/{monitor.service.slug}/monitors/{monitor.pk}/{rest}"


def test_networks_are_shown_with_the_way_to_each_and_how_many_look_ups_it_takes(
    desk: Desk, monitor: Monitor
) -> None:
    publish(monitor, "198.18.0.0/16", "192.0.2.0/24")
    html = shown(desk, monitor)
    assert "_spf.sender.example › _nets.sender.example" in html
    assert '<dd id="lookups">3 / 10</dd>' in html
    assert "exists:%{i}.sender.example" in html
    assert "198.18.0.0/16" in html


def test_unpublished_sources_are_a_table_with_their_names_escaped(desk: Desk, monitor: Monitor) -> None:
    publish(monitor, "198.18.0.0/16")
    see(monitor, "192.0.2.7", "192.0.2.9", "2001:db8::5")
    publish(
        monitor, "198.18.0.0/16", hosts={"192.0.2.7": [HOSTILE, True], "192.0.2.9": ["b.x.example", True]}
    )
    html = shown(desk, monitor)
    assert '<dd id="refused-share">60%</dd>' in html
    assert "192.0.2.0/24" in html and "2001:db8::/64" in html
    assert HOSTILE not in html and "&lt;script&gt;" in html
    assert "*.x.example" in html


def test_each_change_of_the_record_is_a_row(desk: Desk, monitor: Monitor) -> None:
    with times.at(times.now() - timedelta(days=1)):
        publish(monitor, "198.18.0.0/16")
    publish(monitor, "198.18.0.0/16", "203.0.113.0/24")
    publish(monitor, fault="_spf.sender.example: ip4:x: <b>expected</b>")
    html = shown(desk, monitor)
    rows = html[html.index('id="changes"') :]
    assert rows.count("<tr>") == 1 + 3
    assert "203.0.113.0/24" in rows
    assert "&lt;b&gt;expected&lt;/b&gt;" in rows


def test_a_network_is_taken_as_known_by_one_click_and_the_draft_goes(desk: Desk, monitor: Monitor) -> None:
    publish(monitor, "198.18.0.0/16")
    see(monitor, "192.0.2.7")
    assert Incident.objects.get().state == "draft"
    desk.client.post(address(monitor, "know/"), {"network": "192.0.2.0/24"})
    monitor.refresh_from_db()
    assert (monitor.settings, monitor.verdict) == ({"known_networks": "192.0.2.0/24"}, "up")
    assert Incident.objects.get().state == "dismissed"
    assert "Taken as known:" in shown(desk, monitor)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("0.0.0.0/0", "this network is everybody"),
        ("nonsense", "expected a network such as"),
        ("", "expected a network such as"),
    ],
)
def test_what_is_no_network_is_refused_in_words(
    desk: Desk, monitor: Monitor, network: str, said: str
) -> None:
    answer = desk.client.post(address(monitor, "know/"), {"network": network}, follow=True)
    assert said in answer.content.decode()
    monitor.refresh_from_db()
    assert monitor.settings == {}


def test_the_screen_asks_as_much_for_one_source_as_for_many(desk: Desk, monitor: Monitor) -> None:
    publish(monitor, "198.18.0.0/16")
    see(monitor, "192.0.2.7")
    shown(desk, monitor)
    with CaptureQueriesContext(connection) as few:
        shown(desk, monitor)
    see(monitor, *[f"203.0.{n}.5" for n in range(40)])
    publish(monitor, "198.18.0.0/16", "198.51.100.0/24")
    with CaptureQueriesContext(connection) as many:
        shown(desk, monitor)
    assert len(many) == len(few)


def test_a_screen_before_anything_is_known_says_so(desk: Desk, monitor: Monitor) -> None:
    html = shown(desk, monitor)
    assert "The record has not been read yet." in html
    assert "No source was ever told." in html


def test_an_spf_monitor_shows_nothing_to_the_public(desk: Desk, monitor: Monitor) -> None:
    publish(monitor, "198.18.0.0/16")
    html = desk.client.get(f"/console/services/{monitor.service.slug}/").content.decode()
    assert "Show its chart" not in html


def read(monitor: Monitor, status: str) -> None:
    memory = {"of": ["x", ""], "status": status, "since": times.now().isoformat(), "etag": ""}
    keep_reading(monitor, Result(times.now(), ok=True, memory=memory))


def test_what_an_upstream_reports_is_shown_as_a_cause_to_staff(desk: Desk) -> None:
    service = make.service(desk.page)
    upstream = make.monitor(service, "upstream", name="Example Cloud", target="https://status.example.com")
    read(upstream, "partial_outage")
    html = desk.client.get(f"/console/services/{service.slug}/").content.decode()
    assert "is what Example Cloud reports: a cause, not the status of this service" in html
    assert "Partial outage" in desk.client.get(address(upstream)).content.decode()
    read(upstream, "operational")
    html = desk.client.get(f"/console/services/{service.slug}/").content.decode()
    assert "Example Cloud reports" not in html


def test_staff_decide_whether_readers_hear_of_it(desk: Desk) -> None:
    service = make.service(desk.page)
    upstream = make.monitor(service, "upstream", name="Example Cloud", target="https://status.example.com")
    desk.client.post(address(upstream, "chart/"), {"charted": "1"})
    upstream.refresh_from_db()
    assert upstream.is_charted
    assert "Hide what it reports" in desk.client.get(f"/console/services/{service.slug}/").content.decode()
