"""Pings of the machine itself, where the system lets us."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard
from incidents.lib.ping import UNPRIVILEGED_RANGE, can_ping
from incidents.monitors.checkers import icmp
from incidents.monitors.checking import check_all
from incidents.monitors.results import Probe, Result
from statuspage.checks import check_pings

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = Guard(["127.0.0.0/8", "::1/128"])
needs_pings = pytest.mark.skipif(
    not can_ping(), reason=f"this system lets us send no pings (sysctl {UNPRIVILEGED_RANGE}, or CAP_NET_RAW)"
)


def check(host: str, *, guard: Guard = LOOPBACK, **settings: Any) -> Result:
    return check_all([Probe("icmp", host, icmp.read_settings(settings))], guard=guard)[0]


@needs_pings
def test_a_host_that_answers_passes_with_its_latency() -> None:
    result = check("127.0.0.1")
    assert (result.ok, result.detail) == (True, "3 of 3 answered")
    assert result.latency_ms is not None and 0 < result.latency_ms < 1_000


@needs_pings
def test_many_hosts_are_told_apart_while_they_are_pinged_at_once() -> None:
    hosts = [f"127.0.0.{number}" for number in range(1, 40)]
    probes = [Probe("icmp", host, icmp.Settings(packets=2, most_lost=0)) for host in hosts]
    assert all(result.ok for result in check_all(probes, guard=LOOPBACK))


@needs_pings
def test_a_host_that_does_not_answer_fails_in_time() -> None:
    began = time.monotonic()
    result = check("240.0.0.1", guard=Guard(["240.0.0.0/8"]), packets=2, total_ms=1000)
    assert not result.ok
    assert result.detail
    assert time.monotonic() - began < 2


@needs_pings
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "169.254.169.254"])
def test_an_address_inside_is_not_pinged(host: str) -> None:
    assert "is not one that may be reached" in check(host, guard=Guard()).detail


@needs_pings
@pytest.mark.parametrize(
    ("target", "settings", "field"),
    [
        ("", {}, "target"),
        ("http://example.com", {}, "target"),
        ("example.com:80", {}, "target"),
        ("example.com", {"packets": 11}, "packets"),
        ("example.com", {"packets": 3, "most_lost": 3}, "most_lost"),
    ],
)
def test_what_cannot_work_names_its_field(target: str, settings: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        icmp.find_hosts(target, icmp.read_settings(settings))
    assert refused.value.field == field


TRIED_BY_NOBODY = """
import os
from incidents.lib.errors import Refused
from incidents.monitors.checkers import icmp
from statuspage.checks import check_pings
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    icmp.read_settings({})
except Refused as refused:
    print(refused.field, refused, [(warning.id, warning.hint) for warning in check_pings()])
else:
    print("allowed", check_pings())
"""


def test_where_no_pings_may_be_sent_the_target_is_refused_and_every_start_warns() -> None:
    """As nobody, who has no privilege to lose."""
    tried = subprocess.run(
        [sys.executable, "-c", TRIED_BY_NOBODY], capture_output=True, text=True, cwd=ROOT, check=True
    )
    if tried.stdout.startswith("allowed"):
        pytest.skip("everybody may send pings here")
    assert tried.stdout.startswith(
        f"target this system lets the service send no pings; see {UNPRIVILEGED_RANGE}"
    )
    assert "incidents.W001" in tried.stdout


@needs_pings
def test_where_pings_may_be_sent_no_start_warns() -> None:
    assert check_pings() == []
