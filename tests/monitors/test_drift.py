"""The judge of SPF drift: what was published and what was seen in, a verdict with its grounds out."""

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network

import pytest

from incidents.lib.networks import NetworkSet
from incidents.monitors.checkers.spf import Settings
from incidents.monitors.drift import Drift, Hour, Published, Sighting, by_name, judge_drift, name_pattern
from tests.make import jst

NOW = jst("2020-09-01 12:00")
MIDNIGHT = jst("2020-09-01 00:00")
BEGAN = jst("2020-09-01 09:07")
PUBLISHED = Published(NetworkSet(map(ip_network, ("198.18.0.0/16", "2001:db8:1::/48"))))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def seen(
    address: str, *, accepted: int = 0, refused: int = 0, at: datetime = BEGAN, host: str = ""
) -> Sighting:
    return Sighting(address, accepted, refused, at, at + HOUR, host)


def hours(*counts: tuple[int, int], first: datetime = MIDNIGHT) -> list[Hour]:
    return [Hour(first + index * HOUR, accepted, refused) for index, (accepted, refused) in enumerate(counts)]


USUAL = hours(*[(1000, 0)] * 12)


def judged(
    *sightings: Sighting,
    traffic: list[Hour] = USUAL,
    published: Published | None = PUBLISHED,
    since: dict[str, datetime] | None = None,
    **settings: object,
) -> Drift:
    given = replace(Settings(), **settings)  # type: ignore[arg-type]
    return judge_drift(published, sightings, traffic, settings=given, since=since or {}, now=NOW)


def test_published_addresses_of_both_families_are_no_drift() -> None:
    drift = judged(seen("198.18.9.9", accepted=500), seen("2001:db8:1::7", refused=500))
    assert (drift.verdict, drift.groups, drift.strays) == ("up", (), ())


def test_unpublished_addresses_are_named_by_network_with_since_when_and_how_much() -> None:
    traffic = hours(*[(4000, 0)] * 9, (3000, 1000), (3000, 1000), (3000, 1000))
    drift = judged(
        seen("192.0.2.7", refused=900, host="a.unverified.sender.example"),
        seen("192.0.2.9", refused=600, at=BEGAN + 5 * MINUTE, host="b.unverified.sender.example"),
        seen("2001:db8::5", refused=1200, accepted=300, at=BEGAN + 9 * MINUTE),
        seen("198.18.0.1", accepted=9000),
        traffic=traffic,
    )
    assert (drift.verdict, drift.cause, drift.onset_at) == ("down", "unpublished", BEGAN)
    first, second = drift.groups
    assert (first.network, first.addresses) == ("192.0.2.0/24", ("192.0.2.7", "192.0.2.9"))
    assert (first.since, first.last_at, first.refused) == (BEGAN, BEGAN + 5 * MINUTE + HOUR, 1500)
    assert by_name(drift.groups) == [
        ("", 1, 300, 1200),
        ("*.unverified.sender.example", 2, 0, 1500),
    ]
    assert (second.network, second.accepted, second.refused) == ("2001:db8::/64", 300, 1200)
    assert first.share == pytest.approx(1500 / 12_000)
    assert (drift.refused_share, drift.accepted_share) == pytest.approx((2700 / 12_000, 300 / 12_000))


@pytest.mark.parametrize(
    ("refused", "verdict"), [(1, "up"), (4, "up"), (14, "up"), (15, "down"), (500, "down")]
)
def test_single_stray_scanners_are_below_the_threshold(refused: int, verdict: str) -> None:
    """Five times, and five of a thousand of the 3,000 that came since the hour of the first."""
    drift = judged(seen("203.0.113.5", refused=refused))
    assert drift.verdict == verdict
    assert len(drift.groups) + len(drift.strays) == 1


def test_both_the_count_and_the_share_must_be_reached() -> None:
    few = hours((10, 4), first=jst("2020-09-01 09:00"))
    assert judged(seen("203.0.113.5", refused=4), traffic=few).verdict == "up"
    assert judged(seen("203.0.113.5", refused=4), traffic=few, least_count=4).verdict == "down"


def test_a_share_is_of_what_came_since_the_first_so_a_quiet_window_hides_nothing() -> None:
    traffic = hours(*[(100_000, 0)] * 11, (300, 100))
    drift = judged(seen("203.0.113.5", refused=100, at=NOW - 50 * MINUTE), traffic=traffic)
    assert drift.groups[0].share == 0.25


def test_networks_that_staff_know_are_forgiven() -> None:
    known = ("203.0.113.0/25",)
    assert judged(seen("203.0.113.5", refused=500), known_networks=known).verdict == "up"
    assert judged(seen("203.0.113.200", refused=500), known_networks=known).verdict == "down"


def test_only_hosts_of_the_sender_are_judged_where_staff_name_them() -> None:
    ours = seen("203.0.113.5", refused=500, host="x.unverified.1e100.example")
    other = seen("192.0.2.5", refused=500, host="x.evil1e100.example")
    drift = judged(ours, other, seen("198.51.100.1", refused=500), hosts=("1e100.example",))
    assert [group.network for group in drift.groups] == ["203.0.113.0/24"]


def test_a_beginning_stays_what_it_was_while_the_window_moves_on() -> None:
    long_ago = NOW - timedelta(days=3)
    drift = judged(seen("203.0.113.5", refused=500), since={"203.0.113.0/24": long_ago})
    assert drift.onset_at == long_ago


def test_an_ipv4_address_in_the_dress_of_ipv6_is_itself() -> None:
    assert judged(seen("::ffff:198.18.0.1", accepted=500)).verdict == "up"
    assert judged(seen("::ffff:203.0.113.1", accepted=500)).groups[0].network == "203.0.113.0/24"


def test_nothing_is_judged_before_the_record_was_read() -> None:
    assert judged(seen("203.0.113.5", refused=500), published=None).verdict == "unknown"


def test_a_record_that_receivers_cannot_use_fails_and_addresses_go_before_it() -> None:
    broken = replace(PUBLISHED, fault="permerror", changed_at=NOW - HOUR)
    drift = judged(published=broken)
    assert (drift.verdict, drift.cause, drift.onset_at) == ("down", "invalid", NOW - HOUR)
    assert judged(seen("203.0.113.5", refused=500), published=broken).cause == "unpublished"


def test_a_changed_record_fails_only_where_staff_ask_for_it_and_for_a_window() -> None:
    changed = replace(PUBLISHED, changed_at=NOW - 23 * HOUR)
    assert judged(published=changed).verdict == "up"
    drift = judged(published=changed, tell_changes=True)
    assert (drift.verdict, drift.cause, drift.onset_at) == ("unstable", "changed", NOW - 23 * HOUR)
    assert judged(published=replace(changed, changed_at=NOW - 24 * HOUR), tell_changes=True).verdict == "up"


def test_what_is_no_address_is_no_source() -> None:
    assert judged(seen("<script>", refused=500)).verdict == "up"


@pytest.mark.parametrize(
    ("host", "pattern"),
    [
        ("mail-1.unverified-forwarding.sender.example", "*.unverified-forwarding.sender.example"),
        ("sender.example", "sender.example"),
        ("localhost", "localhost"),
    ],
)
def test_a_name_without_what_is_the_host_s_alone(host: str, pattern: str) -> None:
    assert name_pattern(host) == pattern
