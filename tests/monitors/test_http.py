import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from incidents.lib.outbound import Guard
from incidents.monitors.checkers.http import Settings, check_many
from incidents.monitors.results import Probe, Result
from tests.servers import Server, make_certificate, serving

LOOPBACK = Guard(["127.0.0.0/8", "::1/128"])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def check(url: str, *, guard: Guard = LOOPBACK, ca_file: Path | None = None, **settings: Any) -> Result:
    probe = Probe("http", url, Settings(**settings))
    return check_many([probe], guard=guard, ca_file=str(ca_file) if ca_file else None)[0]


def test_an_answer_as_expected_passes_with_its_latency(server: Server) -> None:
    result = check(f"http://127.0.0.1:{server.port}/text/hello")
    assert (result.ok, result.detail) == (True, "200")
    assert result.latency_ms is not None and 0 < result.latency_ms < 5_000


@pytest.mark.parametrize(
    ("path", "settings", "ok", "detail"),
    [
        ("/status/503", {}, False, "answered 503"),
        ("/status/503", {"expected_statuses": frozenset({503})}, True, "503"),
        ("/to/http://127.0.0.1:1/", {"expected_statuses": frozenset({302})}, True, "302"),
        ("/text/hello", {"keyword": "正常稼働中"}, True, "200"),
        ("/text/hello", {"keyword": "停止"}, False, "the keyword is not there"),
        ("/text/hello", {"keyword": "正常", "keyword_absent": True}, False, "the keyword is there"),
        ("/text/hello", {"keyword": "停止", "keyword_absent": True}, True, "200"),
        ("/sjis", {"keyword": "正常稼働中"}, True, "200"),
        ("/text/x", {"keyword": "POST x identity", "method": "POST"}, True, "200"),
        ("/text/x", {"method": "HEAD"}, True, "200"),
        ("/gzip", {"keyword": "not really"}, True, "200"),
        ("/hops/3", {"keyword": "GET arrived"}, True, "200"),
        ("/hops/4", {}, False, "more than 3 redirects"),
        ("/loop", {}, False, "more than 3 redirects"),
        ("/to/file:///etc/passwd", {}, False, "expected a URL that begins with http:// or https://"),
    ],
)
def test_what_an_answer_must_be_like(
    server: Server, path: str, settings: dict[str, Any], ok: bool, detail: str
) -> None:
    result = check(f"http://127.0.0.1:{server.port}{path}", **settings)
    assert (result.ok, result.detail) == (ok, detail)


@pytest.mark.parametrize(
    "charset", ["utf-8", "idna", "punycode", "undefined", "hex", "none-such", "iso-8859-999"]
)
def test_one_target_with_odd_headers_does_not_take_the_others_results_away(
    server: Server, charset: str
) -> None:
    here = f"http://127.0.0.1:{server.port}"
    keyword = Settings(keyword="正常稼働中")
    probes = [Probe("http", f"{here}/named/{charset}", keyword), Probe("http", f"{here}/text/x", keyword)]
    assert [result.detail for result in check_many(probes, guard=LOOPBACK)] == ["200", "200"]


def test_a_dripping_server_is_left_at_the_total_deadline(server: Server) -> None:
    began = time.monotonic()
    result = check(f"http://127.0.0.1:{server.port}/drip", total_ms=400)
    assert not result.ok
    assert "within 400 ms" in result.detail
    assert time.monotonic() - began < 2


def test_the_deadline_spans_all_redirects(server: Server) -> None:
    here = f"http://127.0.0.1:{server.port}"
    result = check(f"{here}/to/{here}/drip", total_ms=400)
    assert "within 400 ms" in result.detail
    assert result.latency_ms is not None and result.latency_ms < 2_000


def test_a_big_body_is_read_to_64_kilobytes_only(server: Server) -> None:
    server.sent_bytes = 0
    result = check(f"http://127.0.0.1:{server.port}/big", keyword="x" * 65_536)
    assert result.ok
    assert server.sent_bytes < 10_000_000
    assert not check(f"http://127.0.0.1:{server.port}/big", keyword="x" * 65_537).ok


def test_a_private_address_is_refused_without_a_connection(server: Server) -> None:
    before = server.accepted
    result = check(f"http://127.0.0.1:{server.port}/", guard=Guard())
    assert result.detail == "the address 127.0.0.1 is not one that may be reached"
    assert (result.ok, server.accepted) == (False, before)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost", "0177.0.0.1"])
def test_other_spellings_of_loopback_are_refused_too(server: Server, host: str) -> None:
    result = check(f"http://{host}:{server.port}/", guard=Guard())
    assert "is not one that may be reached" in result.detail


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]"])
def test_a_redirect_into_a_refused_address_fails(server: Server, host: str) -> None:
    only_the_first = Guard(["127.0.0.1/32", "169.254.0.0/16"])
    here = f"http://127.0.0.1:{server.port}"
    result = check(f"{here}/to/http://{host}:{server.port}/text/secret", guard=only_the_first)
    assert not result.ok
    assert "is not one that may be reached" in result.detail


def test_a_proxy_in_the_environment_is_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    assert check(f"http://127.0.0.1:{server.port}/text/hello").ok


def test_a_closed_port_fails_with_a_reason() -> None:
    with serving() as gone:
        port = gone.port
    result = check(f"http://127.0.0.1:{port}/")
    assert not result.ok
    assert result.detail


def test_a_wrong_url_fails_its_own_probe_only(server: Server) -> None:
    probes = [
        Probe("http", "https://example.com:22/", Settings()),
        Probe("http", f"http://127.0.0.1:{server.port}/", Settings()),
    ]
    wrong, right = check_many(probes, guard=LOOPBACK)
    assert (wrong.ok, right.ok) == (False, True)


def test_many_slow_servers_are_asked_at_the_same_time(server: Server) -> None:
    probes = [Probe("http", f"http://127.0.0.1:{server.port}/slow/300", Settings()) for _ in range(20)]
    began = time.monotonic()
    assert all(result.ok for result in check_many(probes, guard=LOOPBACK))
    assert time.monotonic() - began < 3


def test_more_probes_than_run_at_once_all_come_back_in_order(server: Server) -> None:
    statuses = [200 + number % 5 for number in range(150)]
    probes = [
        Probe("http", f"http://127.0.0.1:{server.port}/status/{status}", Settings()) for status in statuses
    ]
    assert [result.detail for result in check_many(probes, guard=LOOPBACK)] == [str(s) for s in statuses]


def test_waiting_for_a_slow_server_costs_no_processor_time(server: Server) -> None:
    spent = time.process_time()
    check(f"http://127.0.0.1:{server.port}/slow/600")
    assert time.process_time() - spent < 0.3


@pytest.mark.parametrize(
    ("days_left", "threshold", "ok", "detail"),
    [
        (30, 14, True, "200"),
        (30, None, True, "200"),
        (10, 14, False, "the certificate ends in 10 days"),
        (10, None, True, "200"),
        (-2, 14, False, "certificate"),
        (-2, None, False, "certificate"),
    ],
)
def test_a_certificate_near_its_end_or_past_it_fails(
    tmp_path: Path, days_left: int, threshold: int | None, ok: bool, detail: str
) -> None:
    certificate = make_certificate(tmp_path / "server.pem", days_left=days_left)
    with serving(certificate) as secure:
        url = f"https://127.0.0.1:{secure.port}/"
        result = check(url, ca_file=certificate, certificate_days=threshold)
    assert result.ok == ok
    assert detail in result.detail


def test_an_unknown_authority_fails(tmp_path: Path) -> None:
    with serving(make_certificate(tmp_path / "server.pem", days_left=30)) as secure:
        result = check(f"https://127.0.0.1:{secure.port}/")
    assert not result.ok
    assert "certificate" in result.detail


def test_a_certificate_for_another_host_fails(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "server.pem", days_left=30, host="192.0.2.1")
    with serving(certificate) as secure:
        result = check(f"https://127.0.0.1:{secure.port}/", ca_file=certificate)
    assert not result.ok


def test_a_redirect_from_https_to_http_is_not_followed(tmp_path: Path, server: Server) -> None:
    certificate = make_certificate(tmp_path / "server.pem", days_left=30)
    with serving(certificate) as secure:
        there = f"http://127.0.0.1:{server.port}/text/hello"
        result = check(f"https://127.0.0.1:{secure.port}/to/{there}", ca_file=certificate)
    assert result.detail == "a redirect from https to http"
