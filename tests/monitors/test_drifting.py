"""SPF monitors at work: the record asked of a real DNS server, sources pushed, drafts opened for staff."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from incidents.actions.housekeeping import expire_old_rows
from incidents.actions.monitor import create_monitor, set_monitor_enabled
from incidents.actions.spf import MOST_ADDRESSES_AN_HOUR, Source, record_sources, set_known_networks
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.models import Incident, Monitor, PublishedSet, Signal, SourceHour, Watch
from incidents.monitors import run
from incidents.monitors.drifting import take_sources
from incidents.monitors.silence import judge_silent
from tests import make
from tests.dns_server import Nameserver, serving_dns
from tests.make import jst
from tests.spf_zones import failing, spf_zone, txt

pytestmark = pytest.mark.django_db
NOW = jst("2020-09-01 10:00")
SENDER = "_spf.sender.example"
RECORD = "v=spf1 ip4:198.18.0.0/16 -all"


@pytest.fixture
def faults() -> dict[str, str]:
    return {}


@pytest.fixture
def server(settings: Settings, faults: dict[str, str]) -> Iterator[Nameserver]:
    with serving_dns(spf_zone({SENDER: RECORD}), failing(faults)) as serving:
        settings.NAMESERVERS = [f"127.0.0.1:{serving.port}"]
        yield serving


@pytest.fixture
def monitor() -> Monitor:
    made, _ = create_monitor(
        make.service(make.page(), name="メール保管"),
        kind="spf",
        name="送信元",
        target=SENDER,
        interval_seconds=3600,
        status_when_failing="degraded",
    )
    return made


def check(monitor: Monitor, at: datetime = NOW) -> Monitor:
    Watch.objects.update(next_check_at=timezone.now(), lease_until=None, lease_owner="")
    with times.at(at):
        run.check_due()
    monitor.refresh_from_db()
    return monitor


def push(monitor: Monitor, *sources: Source, at: datetime = NOW) -> Monitor:
    with times.at(at):
        take_sources(monitor, sources)
    monitor.refresh_from_db()
    return monitor


def refused(address: str, count: int = 100, at: datetime = NOW, **values: Any) -> Source:
    return Source(address, "refused", at, count, **values)


def accepted(address: str = "198.18.3.4", count: int = 300, at: datetime = NOW) -> Source:
    return Source(address, "accepted", at, count)


def lines(incident: Incident) -> list[str]:
    return list(incident.log.filter(source="monitor").values_list("text", flat=True))


def test_unpublished_sources_open_a_draft_whose_log_names_them(server: Nameserver, monitor: Monitor) -> None:
    check(monitor)
    assert monitor.verdict == "up"
    push(monitor, accepted(), refused("192.0.2.7", 60), refused("192.0.2.9", 40), refused("2001:db8::1", 90))
    assert monitor.verdict == "down"
    draft = Incident.objects.get()
    assert (draft.state, draft.started_at, draft.detected_at) == ("draft", NOW, NOW)
    assert draft.title == "メール保管 メール受信遅延の可能性"
    assert draft.texts["en"]["title"] == "メール保管: possible delay of received mail"
    assert lines(draft) == [
        "監視「送信元」が、_spf.sender.example の SPF レコードで公開されていない接続元を検知"
        "（2020年9月1日 10:00頃から。以後の接続のうち拒否 39%、許可 0%）: 192.0.2.7、2001:db8::1、192.0.2.9"
    ]
    assert draft.impacts.get().status == "degraded"


def test_what_is_pushed_before_the_record_was_read_is_judged_with_it(
    server: Nameserver, monitor: Monitor
) -> None:
    push(monitor, accepted(), refused("192.0.2.7"))
    assert (monitor.verdict, Incident.objects.count()) == ("unknown", 0)
    check(monitor)
    assert (monitor.verdict, Incident.objects.count()) == ("down", 1)


def test_further_networks_are_one_more_line_and_the_same_again_is_none(
    server: Nameserver, monitor: Monitor
) -> None:
    check(monitor)
    push(monitor, accepted(), refused("192.0.2.7"))
    later = NOW + timedelta(hours=1)
    push(monitor, refused("192.0.2.8", at=later), refused("203.0.113.4", at=later), at=later)
    push(monitor, refused("203.0.113.4", at=later), at=later + timedelta(minutes=5))
    first, second = lines(Incident.objects.get())
    assert "192.0.2.7" in first
    assert second == (
        "監視「送信元」が、_spf.sender.example の SPF レコードで公開されていない接続元をさらに検知: 203.0.113.4"
    )


def test_what_staff_know_is_forgiven_and_the_draft_closes(server: Nameserver, monitor: Monitor) -> None:
    check(monitor)
    push(monitor, accepted(), refused("192.0.2.7"))
    set_known_networks(monitor, ["192.0.2.0/24"])
    check(monitor, NOW + timedelta(minutes=5))
    assert (monitor.verdict, Incident.objects.get().state) == ("up", "dismissed")
    assert Signal.objects.get().ended_at is not None


def test_what_the_sender_comes_to_publish_ends_it_and_the_change_is_kept(
    server: Nameserver, monitor: Monitor
) -> None:
    check(monitor)
    push(monitor, accepted(), refused("192.0.2.7"))
    later = NOW + timedelta(hours=2)
    server.zone[SENDER, "TXT"] = [txt("v=spf1 ip4:192.0.2.0/24 ip4:198.18.0.0/17 -all")]
    assert check(monitor, later).verdict == "up"
    now, before = PublishedSet.objects.all()
    assert (before.published_from, before.published_until, now.published_from) == (NOW, later, later)
    assert (now.came, now.went) == (["192.0.2.0/24", "198.18.0.0/17"], ["198.18.0.0/16"])
    assert (before.came, before.went, now.published_until, now.ttl_seconds) == ([], [], None, 60)


def test_the_same_record_in_another_order_is_no_change(server: Nameserver, monitor: Monitor) -> None:
    server.zone[SENDER, "TXT"] = [txt("v=spf1 ip4:198.18.0.0/16 ip4:192.0.2.1 -all")]
    check(monitor)
    server.zone[SENDER, "TXT"] = [txt("v=spf1 ip4:192.0.2.1 ip4:198.18.0.0/16 ip4:192.0.2.1 -all")]
    check(monitor, NOW + timedelta(hours=1))
    assert PublishedSet.objects.count() == 1


def test_a_server_that_fails_changes_nothing_until_it_is_too_long_ago(
    server: Nameserver, monitor: Monitor, faults: dict[str, str]
) -> None:
    check(monitor)
    faults[SENDER] = "servfail"
    later = NOW + timedelta(hours=2)
    assert check(monitor, later).verdict == "up"
    assert monitor.state["trouble"] == (
        "_spf.sender.example: TXT of _spf.sender.example: the name servers fail"
    )
    assert (PublishedSet.objects.count(), monitor.last_result_at) == (1, NOW)
    with times.at(NOW + timedelta(hours=4)):
        judge_silent()
    monitor.refresh_from_db()
    assert monitor.verdict == "unknown"
    faults.clear()
    assert check(monitor, NOW + timedelta(hours=5)).verdict == "up"


def test_a_record_that_came_to_be_wrong_fails_and_the_last_good_one_is_judged_by(
    server: Nameserver, monitor: Monitor
) -> None:
    check(monitor)
    push(monitor, accepted())
    server.zone[SENDER, "TXT"] = [txt("v=spf1 ipv4:198.18.0.0/16 -all")]
    later = NOW + timedelta(hours=1)
    assert check(monitor, later).verdict == "down"
    assert lines(Incident.objects.get()) == [
        "監視「送信元」が、_spf.sender.example の SPF レコードを受信側で利用できない状態を検知"
        "（2020年9月1日 11:00頃から）。"
    ]
    assert PublishedSet.objects.first().fault == (  # type: ignore[union-attr]
        "_spf.sender.example: ipv4:198.18.0.0/16: no such mechanism"
    )
    push(monitor, refused("192.0.2.7", at=later), at=later)
    assert "192.0.2.7" in lines(Incident.objects.get())[-1]
    server.zone[SENDER, "TXT"] = [txt(RECORD)]
    set_known_networks(monitor, ["192.0.2.0/24"])
    assert check(monitor, later + timedelta(minutes=9)).verdict == "up"


def test_names_of_unpublished_sources_are_asked_for_and_stay_with_staff(
    server: Nameserver, monitor: Monitor
) -> None:
    server.zone["7.2.0.192.in-addr.arpa", "PTR"] = ["a1.unverified.<b>.example."]
    server.zone["a1.unverified.<b>.example", "A"] = ["192.0.2.7"]
    check(monitor)
    push(monitor, accepted(), refused("192.0.2.7"))
    assert monitor.state["memory"]["unnamed"] == ["192.0.2.7"]
    check(monitor, NOW + timedelta(minutes=5))
    assert monitor.state["hosts"] == {"192.0.2.7": ["a1.unverified.<b>.example", True]}
    assert monitor.state["memory"]["unnamed"] == []
    draft = Incident.objects.get()
    assert "unverified" not in "".join(lines(draft))
    assert "192.0.2.7" not in Client().get("/", headers={"Host": monitor.service.page.host}).content.decode()


def test_sources_of_other_domains_are_left_out_where_staff_name_the_sender_s(
    server: Nameserver, monitor: Monitor
) -> None:
    monitor.settings = {"sender_domains": "sender.example"}
    monitor.save()
    check(monitor)
    push(monitor, accepted(), refused("203.0.113.9", domain="spam.example"))
    assert (monitor.verdict, SourceHour.objects.count()) == ("up", 1)
    push(monitor, refused("203.0.113.9", domain="mail.sender.example"))
    assert monitor.verdict == "down"


def test_pushes_of_one_hour_add_up_and_remember_the_first_and_the_last(monitor: Monitor) -> None:
    first = refused("192.0.2.7", 2, at=NOW + timedelta(minutes=30), host="a.example")
    push(monitor, first, refused("192.0.2.7", 3, at=NOW + timedelta(minutes=10)), at=NOW + timedelta(hours=1))
    push(monitor, refused("::ffff:192.0.2.7", 4, at=NOW + timedelta(minutes=50)), at=NOW + timedelta(hours=1))
    row = SourceHour.objects.get()
    assert (row.address, row.count, row.host) == ("192.0.2.7", 9, "a.example")
    assert (row.first_at, row.last_at) == (NOW + timedelta(minutes=10), NOW + timedelta(minutes=50))


def test_of_an_hour_so_many_addresses_are_kept_apart_the_most_seen_first(monitor: Monitor) -> None:
    many = [refused(f"192.0.{n // 250}.{n % 250}", 1) for n in range(MOST_ADDRESSES_AN_HOUR + 40)]
    record_sources(monitor, [*many, refused("203.0.113.1", 50)])
    record_sources(monitor, [refused("203.0.113.2", 50), refused("203.0.113.1", 50)])
    others = SourceHour.objects.get(address="")
    assert SourceHour.objects.exclude(address="").count() == MOST_ADDRESSES_AN_HOUR
    assert SourceHour.objects.get(address="203.0.113.1").count == 100
    assert (others.count, others.host) == (41 + 50, "")


def test_sources_are_forgotten_after_thirty_days(monitor: Monitor) -> None:
    record_sources(monitor, [refused("192.0.2.7", at=times.now() - timedelta(days=31)), refused("192.0.2.8")])
    record_sources(monitor, [refused("192.0.2.9", at=times.now() - timedelta(days=29))])
    expire_old_rows()
    assert [row.address for row in SourceHour.objects.all()] == ["192.0.2.9"]


@pytest.mark.parametrize(
    ("source", "field"),
    [
        (refused("192.0.2"), "sources[0].address"),
        (refused("mail.example.com"), "sources[0].address"),
        (Source("192.0.2.7", "dropped", NOW), "sources[0].outcome"),
        (refused("192.0.2.7", 0), "sources[0].count"),
        (refused("192.0.2.7", at=NOW + timedelta(minutes=6)), "sources[0].at"),
        (refused("192.0.2.7", at=NOW - timedelta(days=31)), "sources[0].at"),
    ],
)
def test_what_is_no_source_refuses_the_batch_by_its_field(
    monitor: Monitor, source: Source, field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        push(monitor, source, accepted())
    assert refusal.value.field == field
    assert not SourceHour.objects.exists()


def test_nothing_seen_for_a_window_is_no_word_that_all_is_well(server: Nameserver, monitor: Monitor) -> None:
    check(monitor)
    push(monitor, accepted())
    assert check(monitor, NOW + timedelta(hours=25)).verdict == "unknown"


def test_a_paused_monitor_takes_no_sources(monitor: Monitor) -> None:
    set_monitor_enabled(monitor, False)
    with pytest.raises(Refused, match="paused"):
        push(monitor, accepted())


def test_a_domain_that_is_none_parks_the_monitor(monitor: Monitor) -> None:
    Monitor.objects.update(target="localhost")
    check(monitor)
    assert (monitor.enabled, monitor.parked_reason) == (
        False,
        "target: expected a domain such as _spf.example.com",
    )
