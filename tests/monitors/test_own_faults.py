"""When the fault is ours: the network, the checks themselves, the clock. Nobody is taken for down by it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from incidents.actions.location import note_clock_jump
from incidents.lib import times
from incidents.lib.clock import JumpDetector
from incidents.lib.outbound import Guard
from incidents.models import AuditEntry, CheckResult, Incident, Location, Monitor, Watch
from incidents.monitors import run
from incidents.monitors.network import Network
from incidents.monitors.prober import Prober
from incidents.monitors.run import Round
from incidents.queries.location import automation_held_since, troubled_locations
from incidents.queries.page import overview
from tests import make
from tests.servers import Server, serving
from tests.waiting import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings: Settings) -> Iterator[Server]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8", "::1/128"]
    with serving() as made:
        yield made


class Targets:
    """Hosts of their own, all of them here; each can be cut off."""

    def __init__(self, site: Server, count: int) -> None:
        service = make.service(make.page())
        self._ports, self._began_at, self._seconds = (site.port, free_port()), timezone.now(), 0
        self.monitors = [make.monitor(service, kind="http", target="http://x/") for _ in range(count)]

    @property
    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=self._seconds)

    def check(self, *, cut_off: int = 0) -> list[str]:
        """Half a minute later all are checked, the first so many cut off; answers their verdicts."""
        self._seconds += 30
        for place, monitor in enumerate(self.monitors):
            port = self._ports[place < cut_off]
            Monitor.objects.filter(pk=monitor.pk).update(target=f"http://host{place}.localhost:{port}/")
        Watch.objects.update(next_check_at=timezone.now())
        with times.at(self.now):
            run.check_due()
        return [Monitor.objects.get(pk=monitor.pk).verdict for monitor in self.monitors]


def is_network_suspect() -> bool:
    return "network" in [trouble for _, trouble, _ in troubled_locations(now=timezone.now())]


@pytest.fixture
def six(site: Server) -> Targets:
    made = Targets(site, 6)
    assert made.check() == ["up"] * 6
    return made


def test_one_target_that_is_lost_is_down(six: Targets) -> None:
    for _ in range(3):
        verdicts = six.check(cut_off=1)
    assert verdicts == ["down", *["up"] * 5]
    assert not is_network_suspect()


def test_when_half_are_lost_at_once_they_are_unknown_and_staff_are_told(six: Targets) -> None:
    for _ in range(3):
        verdicts = six.check(cut_off=3)
    assert verdicts == [*["unknown"] * 3, *["up"] * 3]
    assert not Incident.objects.exists()
    assert is_network_suspect()
    assert AuditEntry.objects.filter(action="suspect_network").count() == 1
    assert [(name, why) for name, why, _ in troubled_locations(now=timezone.now())] == [("main", "network")]
    with times.at(six.now):
        assert overview(six.monitors[0].service.page).status == "operational"


def test_once_they_answer_again_they_are_up_and_the_network_is_trusted(six: Targets) -> None:
    for _ in range(4):
        six.check(cut_off=6)
    assert six.check() == ["up"] * 6
    location = Location.objects.get()
    assert location.network_suspect_since is not None
    with times.at(six.now):
        Network("main").reconsider(location)
    assert not is_network_suspect()


def test_one_that_stays_lost_when_the_others_are_back_is_down(six: Targets) -> None:
    for _ in range(4):
        six.check(cut_off=6)
    six.check(cut_off=1)
    assert six.check(cut_off=1)[0] == "down"


def test_who_was_down_before_is_no_evidence_against_our_network(six: Targets) -> None:
    for cut_off in (1, 1, 1, 2, 2, 2, 3, 3, 3):
        verdicts = six.check(cut_off=cut_off)
    assert verdicts == [*["down"] * 3, *["up"] * 3]


def test_the_first_that_is_lost_has_others_asked_at_once(six: Targets) -> None:
    lost, *others = six.monitors
    Monitor.objects.filter(pk=lost.pk).update(target=f"http://host0.localhost:{free_port()}/")
    Watch.objects.exclude(monitor=lost).update(next_check_at=timezone.now() + timedelta(minutes=5))
    lost.watches.update(next_check_at=timezone.now())
    with times.at(six.now + timedelta(seconds=30)):
        run.check_due()
    soon = Watch.objects.filter(monitor__in=others, next_check_at__lte=timezone.now() + timedelta(seconds=1))
    assert soon.count() + CheckResult.objects.filter(at__gt=six.now, monitor__in=others).count() == 5


def a_round(find_fault: str) -> Round:
    return Round(
        "main", prober=Prober(guard=Guard(["127.0.0.0/8", "::1/128"])), find_fault=lambda: find_fault
    )


def test_results_beside_a_wrong_canary_are_not_used(six: Targets) -> None:
    before = CheckResult.objects.count()
    Watch.objects.update(next_check_at=timezone.now())
    a_round("the check that must pass failed").run(0)
    assert CheckResult.objects.count() == before
    assert [why for _, why, _ in troubled_locations(now=timezone.now())] == ["canary"]
    assert automation_held_since(now=timezone.now()) is not None
    assert AuditEntry.objects.get(action="suspect_canary").after["why"] == "the check that must pass failed"
    assert not Watch.objects.exclude(lease_owner="", next_check_at__gt=timezone.now()).exists()
    six.check()
    assert automation_held_since(now=timezone.now()) is None


def test_a_clock_that_is_set_while_nobody_checks_is_found_out(six: Targets) -> None:
    """By a worker that comes again every few seconds, each time as a new round."""
    jumps = JumpDetector()
    run.check_for(0, jumps=jumps)
    assert Location.objects.get().clock_jumped_at is None
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=True):
        run.check_for(0, jumps=jumps)
        assert automation_held_since(now=timezone.now()) is not None
    assert AuditEntry.objects.get(action="note_clock_jump").after["seconds"] == pytest.approx(3600, abs=5)


def test_after_the_clock_jumped_nothing_is_decided_for_two_intervals(six: Targets) -> None:
    note_clock_jump("main", seconds=3600.0, at=timezone.now())
    for _ in range(4):
        verdicts = six.check(cut_off=1)
    assert verdicts == ["up"] * 6
    assert automation_held_since(now=timezone.now()) is not None
    Location.objects.update(clock_jumped_at=timezone.now() - timedelta(seconds=121))
    assert automation_held_since(now=timezone.now()) is None
    for _ in range(3):
        verdicts = six.check(cut_off=1)
    assert verdicts[0] == "down"
