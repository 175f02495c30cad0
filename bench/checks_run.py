"""The measuring part of `bench.checks`, in the environment that prepares."""

import argparse
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta

import django
from django.core.management import call_command
from django.db import connection

from bench.serving import wrk
from bench.sessions import celery
from tests.waiting import wait_until

CHECKS = {"http": 20_000, "https": 4_000}
LEAST_RATIO = {"http": 0.25, "https": 0.6}
WRK_SECONDS = 3.0
ROUNDS = 3
INTERVAL_SECONDS = 30
MOST_CORES = 0.25
PROCESSES = 2
SETTLED_WITHIN_SECONDS = 5
PATIENCE_SECONDS = 300.0
SERVICES = 500
DAY_SECONDS = 86_400


def fill(url: str, *, monitors: int, interval_seconds: int) -> None:
    """Monitors of one target each, up for a while, all on their beat from now on."""
    from django.utils import timezone

    from incidents.models import CheckResult, Monitor, Service, Watch
    from incidents.monitors.beat import next_beat
    from tests import make

    CheckResult.objects.all()._raw_delete("default")
    Watch.objects.all().delete()
    Monitor.objects.all().delete()
    Service.objects.all().delete()
    page = make.page(host=f"bench{time.monotonic_ns()}.example.com")
    Service.objects.bulk_create(
        Service(page=page, slug=f"s{n}", name=f"S{n}", code="SVC") for n in range(SERVICES)
    )
    services = list(Service.objects.values_list("pk", flat=True))
    now = timezone.now()
    made = Monitor.objects.bulk_create(
        Monitor(
            service_id=services[n % SERVICES],
            kind="http",
            name=f"m{n}",
            target=f"{url}{n}",
            interval_seconds=interval_seconds,
            verdict="up",
            verdict_at=now,
            last_result_at=now,
            rolled_until=now,
        )
        for n in range(monitors)
    )
    judged = {"judge": {"verdict": "up", "settled": "up", "run": 9, "last_ok": True}}
    watches = Watch.objects.bulk_create(
        Watch(
            monitor=monitor,
            next_check_at=now,
            verdict="up",
            state=judged,
            believed_until=now + timedelta(days=1),
        )
        for monitor in made
    )
    if interval_seconds == INTERVAL_SECONDS:
        for watch in watches:
            watch.next_check_at = next_beat(watch.pk, interval_seconds, after=now)
        Watch.objects.bulk_update(watches, ["next_check_at"], batch_size=500)


@dataclass
class Rate:
    """A second; the best of some rounds of each, taken in turn: whatever else the machine does only takes from it."""

    checks: float = 0.0
    limit: float = 0.0

    @property
    def ratio(self) -> float:
        return self.checks / self.limit


def measure_rate(scheme: str, url: str, *, processes: int) -> Rate:
    best = Rate()
    fill(url, monitors=CHECKS[scheme], interval_seconds=DAY_SECONDS)
    with celery("beat"), celery("worker", "-Q", "checks.main", "-c", str(processes)):
        check_all()
        for _ in range(ROUNDS):
            limit = wrk(url, connections=64, seconds=WRK_SECONDS, headers=("Connection: close",))
            best.limit = max(best.limit, limit.per_second)
            best.checks = max(best.checks, check_all())
    return best


def check_all() -> float:
    """All due at once; how many a second, from the first result stored to the last."""
    from django.db.models import Max
    from django.utils import timezone

    from incidents.models import CheckResult, Watch

    def stored() -> int:
        return (CheckResult.objects.aggregate(last=Max("pk"))["last"] or 0) - before

    before = 0
    before, wanted = stored(), Watch.objects.count()
    Watch.objects.update(next_check_at=timezone.now())
    wait_until(lambda: stored() > 0, seconds=PATIENCE_SECONDS, waiting_for="first result")
    first, began = stored(), time.monotonic()
    wait_until(lambda: stored() >= wanted, seconds=PATIENCE_SECONDS, waiting_for="last result")
    if failed := CheckResult.objects.filter(ok=False).first():
        sys.exit(f"a check failed: {failed.detail}")
    return (wanted - first) / (time.monotonic() - began)


@dataclass
class Beat:
    """`late` in seconds, sorted; memory in MB at the end of each tenth."""

    late: list[float] = field(default_factory=list)
    expected: int = 0
    cores: dict[str, float] = field(default_factory=dict)
    memory_mb: list[float] = field(default_factory=list)

    def late_at(self, share: float) -> float:
        return self.late[min(len(self.late) - 1, int(share * len(self.late)))]


def measure_beat(url: str, *, monitors: int, minutes: float) -> Beat:
    """After half a minute, in which workers start and find their place."""
    fill(url, monitors=monitors, interval_seconds=INTERVAL_SECONDS)
    beat = Beat()
    with (
        celery("beat") as clock,
        celery("worker", "-Q", "checks.main", "-P", "solo") as checks,
        celery("worker", "-Q", "default", "-c", "1") as default,
    ):
        sessions = {"checks": checks, "roll-ups and silence": default, "beat": clock}
        time.sleep(INTERVAL_SECONDS)
        began, before = time.time(), {name: session.cpu_seconds() for name, session in sessions.items()}
        for _ in range(10):
            time.sleep(minutes * 6)
            beat.memory_mb.append(checks.memory_mb())
        ended = time.time()
        for name, session in sessions.items():
            beat.cores[name] = (session.cpu_seconds() - before[name]) / (ended - began)
        time.sleep(SETTLED_WITHIN_SECONDS)
    beat.late = _lateness(began, ended)
    beat.expected = int(monitors * (ended - began) / INTERVAL_SECONDS)
    return beat


def _lateness(began: float, ended: float) -> list[float]:
    """Of each check begun between, behind its beat."""
    from incidents.models import CheckResult, Watch
    from incidents.monitors.beat import next_beat

    phases = {}
    for watch in Watch.objects.all():
        phases[watch.monitor_id] = watch.pk
    late = []
    for monitor_id, at in CheckResult.objects.values_list("monitor_id", "at").iterator(chunk_size=10_000):
        if began <= at.timestamp() < ended:
            beat = next_beat(phases[monitor_id], INTERVAL_SECONDS, after=at) - timedelta(
                seconds=INTERVAL_SECONDS
            )
            late.append((at - beat).total_seconds())
    return sorted(late)


def say(text: str, *, missed: bool) -> bool:
    print(f"{text}{'  MISSED' if missed else ''}", flush=True)
    return missed


def say_rate(scheme: str, port: int, *, processes: int) -> bool:
    rate = measure_rate(scheme, f"{scheme}://127.0.0.1:{port}/", processes=processes)
    text = f"{rate.ratio:7.2f}  {scheme} checks by {processes}, {rate.checks:,.0f} a second, to wrk's {rate.limit:,.0f}"
    least = LEAST_RATIO[scheme]
    return say(f"{text} (at least {least})", missed=rate.ratio < least)


def say_beat(beat: Beat, *, monitors: int, minutes: float) -> bool:
    print(f"\n{monitors:,} monitors every {INTERVAL_SECONDS} s for {minutes:g} minutes")
    came, late = len(beat.late) / beat.expected, beat.late_at(0.99)
    cores, first_mb, most_mb = sum(beat.cores.values()), beat.memory_mb[0], max(beat.memory_mb)
    parts = ", ".join(f"{name} {used:.3f}" for name, used in beat.cores.items())
    middle, most = beat.late_at(0.5), beat.late[-1]
    facts = [
        (f"{came:7.3f}  of the checks that were due (at least 0.99): {len(beat.late):,}", came < 0.99),
        (
            f"{late:7.2f}  s late at the 99th percentile (under 2); median {middle:.2f}, most {most:.2f}",
            late >= 2,
        ),
        (f"{cores:7.3f}  of a core of our own (under 0.25): {parts}", cores >= MOST_CORES),
        (
            f"{most_mb / first_mb:7.2f}  times the first memory (under 1.1): {first_mb:.0f} MB",
            most_mb >= 1.1 * first_mb,
        ),
    ]
    return sum(say(text, missed=missed) for text, missed in facts) > 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--http", type=int)
    parser.add_argument("--https", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--monitors", type=int)
    parser.add_argument("--only")
    chosen = parser.parse_args()
    django.setup()
    call_command("migrate", verbosity=0)
    missed = False
    if chosen.only != "beat":
        for scheme, port in (("http", chosen.http), ("https", chosen.https)):
            missed |= say_rate(scheme, port, processes=PROCESSES)
    if chosen.only != "rate":
        url, sizes = (
            f"http://127.0.0.1:{chosen.http}/",
            {"monitors": chosen.monitors, "minutes": chosen.minutes},
        )
        missed |= say_beat(measure_beat(url, **sizes), **sizes)
    connection.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
