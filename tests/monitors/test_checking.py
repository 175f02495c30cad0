"""Checks of several kinds in one run, against real servers on loopback."""

import asyncio
import time

from incidents.lib.outbound import Guard
from incidents.monitors.checkers import http, smtp, tcp
from incidents.monitors.checking import MOST_AT_ONCE, check_all
from incidents.monitors.results import Probe
from tests.servers import serving
from tests.streams import hang, serving_streams

LOOPBACK = Guard(["127.0.0.0/8"])


def test_each_kind_is_asked_beside_the_others_and_answers_in_its_place() -> None:
    waits = tcp.Settings(expect="never", total_ms=500)
    with serving() as site, serving_streams(hang) as silent:
        probes = [
            Probe("tcp", f"127.0.0.1:{silent.port}", waits),
            Probe("http", f"http://127.0.0.1:{site.port}/slow/500", http.Settings()),
            Probe("tcp", f"127.0.0.1:{silent.port}", tcp.Settings()),
            Probe("http", f"http://127.0.0.1:{site.port}/status/503", http.Settings()),
            Probe("tcp", f"127.0.0.1:{silent.port}", waits),
        ]
        began = time.monotonic()
        results = check_all(probes, guard=LOOPBACK)
        took = time.monotonic() - began
    late = "no complete answer within 500 ms"
    assert [result.detail for result in results] == [late, "200", "connected", "answered 503", late]
    assert took < 0.9


def test_more_probes_than_run_at_once_all_come_back() -> None:
    with serving_streams(hang) as silent:
        probes = [Probe("tcp", f"127.0.0.1:{silent.port}", tcp.Settings())] * (MOST_AT_ONCE + 50)
        assert all(result.ok for result in check_all(probes, guard=LOOPBACK))
        assert silent.accepted == len(probes)


def test_a_poison_probe_fails_with_its_reason_and_spoils_no_other() -> None:
    with serving() as site, serving_streams(hang) as silent:
        good = Probe("http", f"http://127.0.0.1:{site.port}/text/x", http.Settings())
        probes = [
            good,
            Probe("http", good.target, "no settings at all"),
            Probe("http", good.target, http.Settings(method="G\0T")),
            Probe("tcp", f"127.0.0.1:{silent.port}", "no settings at all"),
            Probe("unheard-of", "", tcp.Settings()),
            Probe("tcp", f"127.0.0.1:{silent.port}", tcp.Settings()),
            good,
        ]
        results = check_all(probes, guard=LOOPBACK)
    assert [result.ok for result in results] == [True, False, False, False, False, True, True]
    assert all(result.detail for result in results)
    reason = "the check itself broke: AttributeError: 'str' object has no attribute "
    assert (results[1].detail, results[3].detail) == (f"{reason}'method'", f"{reason}'total_ms'")


async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"554 a\0b\x1b[31m\xff\r\n")
    await writer.drain()


def test_what_a_target_says_can_be_stored_and_logged() -> None:
    with serving_streams(talk_nonsense) as served:
        probe = Probe("smtp", f"127.0.0.1:{served.port}", smtp.Settings())
        [result] = check_all([probe], guard=LOOPBACK)
    assert result.detail == "after the connection: 554 a\ufffdb\ufffd[31m\ufffd"


def test_nothing_to_check_is_no_result() -> None:
    assert check_all([], guard=LOOPBACK) == []
