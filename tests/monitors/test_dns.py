import time
from collections.abc import Iterator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest

from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard
from incidents.monitors.checkers import dns as checker
from incidents.monitors.checking import check_all
from incidents.monitors.results import Probe, Result
from tests.dns_server import Nameserver, Zone, serving_dns

LOOPBACK = Guard(["127.0.0.0/8"])
LONG = "v=DKIM1; p=" + "A" * 400
ZONE: Zone = {
    ("www.example.com", "A"): ["192.0.2.1", "192.0.2.2"],
    ("www.example.com", "AAAA"): ["2001:db8::1"],
    ("alias.example.com", "CNAME"): ["www.example.com."],
    ("example.com", "MX"): ["10 Mail.example.com."],
    ("example.com", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 -all"'],
    ("key.example.com", "TXT"): [f'"{LONG[:255]}" "{LONG[255:]}"'],
    ("1.2.0.192.in-addr.arpa", "PTR"): ["www.example.com."],
    ("many.example.com", "A"): [f"192.0.2.{number}" for number in range(200)],
}


@pytest.fixture(scope="module")
def nameserver() -> Iterator[Nameserver]:
    with serving_dns(ZONE) as server:
        yield server


def check(server: Nameserver, name: str, *, guard: Guard = LOOPBACK, **settings: Any) -> Result:
    given = {"resolver": f"127.0.0.1:{server.port}"} | settings
    return check_all([Probe("dns", name, checker.read_settings(given))], guard=guard)[0]


@pytest.mark.parametrize(
    ("name", "settings", "detail"),
    [
        ("www.example.com", {}, "192.0.2.1, 192.0.2.2"),
        ("WWW.Example.COM.", {"record": "AAAA"}, "2001:db8::1"),
        ("alias.example.com", {}, "192.0.2.1, 192.0.2.2"),
        ("alias.example.com", {"record": "CNAME"}, "www.example.com."),
        ("192.0.2.1", {"record": "PTR"}, "www.example.com."),
        ("www.example.com", {"match": "contains", "expected": "192.0.2.2"}, "192.0.2.1, 192.0.2.2"),
        ("www.example.com", {"match": "exactly", "expected": "192.0.2.2\n192.0.2.1"}, "192.0.2.1, 192.0.2.2"),
        (
            "example.com",
            {"record": "MX", "match": "exactly", "expected": "10 mail.EXAMPLE.com."},
            "10 mail.example.com.",
        ),
        (
            "example.com",
            {"record": "TXT", "match": "contains", "expected": "v=spf1 ip4:192.0.2.0/24 -all"},
            "v=spf1 ip4:192.0.2.0/24 -all",
        ),
        ("key.example.com", {"record": "TXT", "match": "exactly", "expected": LONG}, LONG[:150]),
        ("none.example.com", {"match": "nxdomain"}, "the name does not exist"),
    ],
)
def test_the_expected_answers_pass(
    nameserver: Nameserver, name: str, settings: dict[str, Any], detail: str
) -> None:
    result = check(nameserver, name, **settings)
    assert (result.ok, result.detail) == (True, detail)
    assert result.latency_ms is not None and 0 < result.latency_ms < 5_000


@pytest.mark.parametrize(
    ("name", "settings", "detail"),
    [
        ("none.example.com", {}, "the name does not exist"),
        ("www.example.com", {"record": "MX"}, "the name has no MX record"),
        ("www.example.com", {"match": "nxdomain"}, "the name exists"),
        (
            "www.example.com",
            {"match": "contains", "expected": "192.0.2.3"},
            "missing: 192.0.2.3; answered: 192.0.2.1, 192.0.2.2",
        ),
        ("www.example.com", {"match": "exactly", "expected": "192.0.2.1"}, "not expected: 192.0.2.2"),
    ],
)
def test_other_answers_fail_and_are_named(
    nameserver: Nameserver, name: str, settings: dict[str, Any], detail: str
) -> None:
    result = check(nameserver, name, **settings)
    assert (result.ok, result.detail) == (False, detail)


def test_an_answer_too_long_for_a_datagram_is_asked_for_again_by_tcp() -> None:
    def cut(answer: dns.message.Message, is_tcp: bool) -> bytes:
        if not is_tcp:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
        return answer.to_wire()

    with serving_dns(ZONE, cut) as server:
        assert check(server, "many.example.com", match="contains", expected="192.0.2.199").ok
        assert server.asked == ["udp many.example.com A", "tcp many.example.com A"]


def test_a_lost_datagram_is_no_failure() -> None:
    lost = iter([True])

    with serving_dns(ZONE, lambda answer, _: None if next(lost, False) else answer.to_wire()) as server:
        assert check(server, "www.example.com", total_ms=1000).ok
        assert len(server.asked) == 2


def _with_rcode(answer: dns.message.Message, _is_tcp: bool) -> bytes:
    answer.set_rcode(dns.rcode.SERVFAIL)
    return answer.to_wire()


def _cut_short(answer: dns.message.Message, is_tcp: bool) -> bytes | None:
    """Over TCP the length tells of more than comes."""
    if is_tcp:
        return answer.to_wire()[:20]
    answer.flags |= dns.flags.TC
    return answer.to_wire()


@pytest.mark.parametrize(
    ("twist", "why"),
    [
        (lambda _answer, _is_tcp: None, "did not answer in time"),
        (lambda _answer, _is_tcp: b"\0" * 40, "did not answer in time"),
        (_with_rcode, "answered SERVFAIL"),
        (_cut_short, "cannot be read"),
    ],
)
def test_a_resolver_that_misbehaves_fails_in_time_with_a_reason(twist: Any, why: str) -> None:
    began = time.monotonic()
    with serving_dns(ZONE, twist) as server:
        result = check(server, "www.example.com", total_ms=400)
    assert not result.ok
    assert why in result.detail
    assert time.monotonic() - began < 2


def test_a_forged_answer_to_another_question_is_not_believed() -> None:
    def forge(answer: dns.message.Message, _is_tcp: bool) -> bytes:
        answer.id ^= 1
        return answer.to_wire()

    with serving_dns(ZONE, forge) as server:
        assert not check(server, "www.example.com", total_ms=400).ok


def test_the_operator_s_resolvers_are_asked_one_after_the_other_and_without_the_guard(
    nameserver: Nameserver,
) -> None:
    with serving_dns(ZONE, lambda _answer, _is_tcp: None) as silent:
        own = [f"127.0.0.1:{silent.port}", f"127.0.0.1:{nameserver.port}"]
        result = check(
            nameserver, "www.example.com", guard=Guard(), resolver="", own_resolvers=own, total_ms=1000
        )
    assert result.ok
    assert silent.asked


def test_a_resolver_inside_that_staff_name_is_not_asked(nameserver: Nameserver) -> None:
    before = len(nameserver.asked)
    result = check(nameserver, "www.example.com", guard=Guard())
    assert result.detail == "the address 127.0.0.1 is not one that may be reached"
    assert len(nameserver.asked) == before


@pytest.mark.parametrize(
    ("target", "settings", "field"),
    [
        ("", {}, "target"),
        ("a..b", {}, "target"),
        ("x" * 64, {}, "target"),
        ("not an address", {"record": "PTR"}, "target"),
        ("example.com", {"record": "AXFR"}, "record"),
        ("example.com", {"match": "like"}, "match"),
        ("example.com", {"match": "contains"}, "expected"),
        ("example.com", {"expected": "192.0.2.1"}, "expected"),
        ("example.com", {"match": "exactly", "expected": "2001:db8::1"}, "expected"),
        ("example.com", {"match": "exactly", "expected": "mail.example.com.", "record": "MX"}, "expected"),
        ("example.com", {"resolver": "192.0.2.53:0"}, "resolver"),
        ("example.com", {"resolver": "192.0.2.53:22000:1"}, "resolver"),
    ],
)
def test_what_cannot_work_names_its_field(target: str, settings: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        checker.find_hosts(target, checker.read_settings(settings))
    assert refused.value.field == field
