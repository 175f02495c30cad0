"""Who checks what: claims, leases, those that died, those that cannot be checked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents.actions import checks
from incidents.actions.checks import Claim
from incidents.actions.monitor import set_monitor_enabled
from incidents.lib.clock import database_now
from incidents.lib.owner import new_owner
from incidents.models import AuditEntry, CheckResult, Monitor, Watch
from incidents.monitors import run
from incidents.monitors.results import Result
from incidents.monitors.settling import Done, settle_together, take_result
from tests import make
from tests.waiting import free_port

pytestmark = pytest.mark.django_db
NOBODY = f"http://127.0.0.1:{free_port()}/"


def monitors(count: int) -> list[Monitor]:
    service = make.service(make.page())
    return [make.monitor(service, kind="http", target=NOBODY) for _ in range(count)]


def claim(owner: str, *, wanted: int = 100, location: str = "main") -> list[Claim]:
    return checks.claim_due(owner, location, wanted=wanted, now=database_now())


def suspects(owner: str) -> int:
    return len(checks.claim_suspects(owner, "main", now=database_now()))


def dead_owner() -> str:
    """A round of this process that is over."""
    return new_owner()


def test_what_is_due_is_claimed_once_the_longest_overdue_first() -> None:
    first, second, later = monitors(3)
    first.watches.update(next_check_at=timezone.now() - timedelta(seconds=1))
    second.watches.update(next_check_at=timezone.now() - timedelta(seconds=9))
    later.watches.update(next_check_at=timezone.now() + timedelta(seconds=9))
    assert [one.monitor_id for one in claim("a")] == [second.pk, first.pk]
    assert claim("b") == []


def test_a_location_claims_its_own_alone() -> None:
    service = make.service(make.page())
    make.monitor(service, kind="http", target=NOBODY, locations=["main", "osaka"])
    assert [len(claim("a", location=place)) for place in ("nagoya", "osaka", "main", "osaka")] == [0, 1, 1, 0]


def test_a_lease_that_ended_is_claimed_by_another_and_what_the_first_saw_is_let_go() -> None:
    (monitor,) = monitors(1)
    (late,) = claim("late")
    Watch.objects.update(lease_until=timezone.now() - timedelta(seconds=1), tries=0)
    (again,) = claim("again")
    seen = Result(timezone.now(), ok=True)
    assert settle_together("late", [Done(late, seen)]) == []
    take_result(monitor.pk, seen, owner="late")
    assert not CheckResult.objects.exists()
    take_result(monitor.pk, seen, owner="again")
    assert CheckResult.objects.count() == 1
    assert again.watch_id == late.watch_id


def test_a_pause_takes_the_lease_away() -> None:
    (monitor,) = monitors(1)
    claim("a")
    set_monitor_enabled(monitor, False)
    watch = monitor.watches.get()
    assert (watch.lease_owner, watch.next_check_at) == ("", None)


def test_what_a_dead_process_held_is_free_at_once_and_was_tried_once() -> None:
    monitors(3)
    claim(dead_owner())
    assert claim("b") == []
    assert checks.take_over(new_owner(), "main") == 3
    assert list(Watch.objects.values_list("tries", flat=True)) == [1, 1, 1]
    assert claim("b") == []


def test_suspects_are_checked_a_few_at_a_time_and_then_alone() -> None:
    monitors(30)
    claim(dead_owner())
    checks.take_over(new_owner(), "main")
    assert [suspects(f"a{n}") for n in range(3)] == [20, 10, 0]
    Watch.objects.update(lease_owner="", lease_until=None)
    assert [suspects(f"b{n}") for n in range(3)] == [1, 1, 1]


def test_what_is_given_back_was_never_tried() -> None:
    monitors(2)
    claim("a")
    checks.give_back("a")
    assert set(Watch.objects.values_list("tries", "lease_owner")) == {(0, "")}


def test_a_monitor_that_ends_its_checker_three_times_is_parked_and_nobody_else() -> None:
    poison, good = monitors(2)
    poison.watches.update(tries=3)
    run.check_due()
    poison.refresh_from_db()
    good.refresh_from_db()
    reason = "its check ended 3 times the process that made it"
    assert (poison.enabled, poison.parked_reason, good.parked_reason) == (False, reason, "")
    assert AuditEntry.objects.get(action="park_monitor").object_id == str(poison.pk)
    assert CheckResult.objects.get().monitor == good


def test_a_monitor_whose_check_raises_three_times_is_parked_with_the_error() -> None:
    broken, good = monitors(2)
    for _ in range(4):
        Watch.objects.filter(monitor=broken).update(state={"judge": {"verdict": "?"}})
        Watch.objects.filter(monitor__enabled=True).update(next_check_at=timezone.now())
        run.check_due()
    broken.refresh_from_db()
    good.refresh_from_db()
    assert broken.parked_reason == "ValueError: '?' is not a valid Verdict"
    assert good.enabled
    assert CheckResult.objects.filter(monitor=good).count() >= 3
    assert not CheckResult.objects.filter(monitor=broken).exists()


def test_one_that_raised_once_and_then_passes_begins_anew() -> None:
    (monitor,) = monitors(1)
    Watch.objects.update(tries=2, last_error="ValueError: once")
    run.check_due()
    watch = monitor.watches.get()
    assert (watch.tries, watch.last_error, CheckResult.objects.count()) == (0, "", 1)
