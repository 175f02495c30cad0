"""One database's part of `bench.fanout`, in the environment that prepares."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

from bench.sink import Sink, running_sink, session_limit
from tests.waiting import wait_until

PATIENCE_SECONDS = 300.0
SIZES = (1_000, 10_000)
LEAST_RATIO = 0.2
LONGEST_SECONDS = 60.0
LONGEST_PUBLISH_SECONDS = 1.0
LONGEST_WAIT_SECONDS, LONGEST_WAIT_WITHOUT_REDIS = 1.0, 5.0
MOST_MEMORY_MB = 150


@dataclass(frozen=True)
class Run:
    """Seconds from the click; memory is the largest that a sender has had so far."""

    subscribers: int
    answered: float
    first: float
    last: float
    memory_mb: float

    @property
    def rate(self) -> float:
        return self.subscribers / (self.last - self.first)


class Senders:
    """Those of `make up` that send to many: Celery's, which is woken, and the one that needs no broker."""

    def __init__(self) -> None:
        sender = [sys.executable, "manage.py", "deliver", "--lane", "notices"]
        worker = [sys.executable, "-m", "celery", "-A", "statuspage.celery", "--quiet"]
        alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self.processes = [
            subprocess.Popen(sender, stdout=subprocess.DEVNULL),
            subprocess.Popen(
                [*worker, "worker", "-Q", "notices", "-c", "1", *alone], stdout=subprocess.DEVNULL
            ),
            subprocess.Popen([*worker, "beat"], stdout=subprocess.DEVNULL),
        ]

    def largest_mb(self) -> float:
        sender, worker, _beat = (process.pid for process in self.processes)
        children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
        return max(_peak_mb(pid) for pid in (sender, *map(int, children)))

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(timeout=60)


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def senders() -> Iterator[Senders]:
    running = Senders()
    try:
        time.sleep(5)
        yield running
    finally:
        running.stop()


class Scene:
    """Pages with an incident in draft each, and the click that publishes it."""

    def __init__(self) -> None:
        from django.test import Client

        from tests import make

        self._client = Client()
        self._client.force_login(make.staff())
        self.click(0)  # loads what a first request loads

    def click(self, subscribers: int) -> tuple[float, float]:
        """When it was made, and when it was answered."""
        from incidents.models import Page, Subscriber
        from tests import make

        host = f"page{Page.objects.count()}.example"
        page = make.page(host=host)
        Page.objects.filter(pk=page.pk).update(hold_seconds=0)
        incident = make.incident(page)
        for start in range(0, subscribers, 5_000):
            Subscriber.objects.bulk_create(
                make.unsaved_subscriber(page, f"reader{n}@company{n % 1_000}.example")
                for n in range(start, min(start + 5_000, subscribers))
            )
        clicked_at = time.monotonic()
        address = f"/console/incidents/{incident.reference}/publish/"
        answer = self._client.post(address, headers={"host": host})
        answered_at = time.monotonic()
        if answer.status_code != 302:
            raise RuntimeError(f"the click was answered with {answer.status_code}")
        return clicked_at, answered_at


def measure(scene: Scene, running: Senders, sink: Sink, subscribers: int) -> Run:
    before = sink.taken
    clicked_at, answered_at = scene.click(subscribers)
    first_at = wait_for(sink, before + 1, "first mail")
    last_at = wait_for(sink, before + subscribers, "last mail")
    return Run(
        subscribers,
        answered=answered_at - clicked_at,
        first=first_at - clicked_at,
        last=last_at - clicked_at,
        memory_mb=running.largest_mb(),
    )


def wait_for(sink: Sink, mails: int, name: str) -> float:
    """By the sink's own count: a question to the database would be at the senders' cost."""
    wait_until(lambda: sink.taken >= mails, seconds=PATIENCE_SECONDS, waiting_for=name)
    return time.monotonic()


def first_without_redis(scene: Scene, sink: Sink) -> float:
    broker = int(os.environ["BROKER_PID"])
    os.kill(broker, signal.SIGSTOP)
    try:
        before = sink.taken
        clicked_at, _ = scene.click(SIZES[0])
        first = wait_for(sink, before + 1, "first mail") - clicked_at
        wait_for(sink, before + SIZES[0], "last mail")
        return first
    finally:
        os.kill(broker, signal.SIGCONT)


def unsettled() -> int:
    from incidents.models import AudiencePart, Delivery

    time.sleep(1)
    parts = AudiencePart.objects.filter(expanded_at=None).count()
    return parts + Delivery.objects.exclude(state="sent").count()


def judge(label: str, value: float, *, limit: float, unit: str, least: bool = False) -> bool:
    kept = value >= limit if least else value <= limit
    sign = "at least" if least else "at most"
    print(f"{value:9.2f} {unit:3} {label} ({sign} {limit:g}){'' if kept else '  MISSED'}", flush=True)
    return kept


def report(runs: list[Run], *, limit: float, doubled: int, unmarked: int, without_redis: float) -> bool:
    for run in runs:
        print(
            f"{run.subscribers:9} subscribers: answered {run.answered:.2f} s, first {run.first:.2f} s,"
            f" last {run.last:.2f} s, {run.rate:.0f}/s, sender {run.memory_mb:.0f} MB"
        )
    print(f"{limit:9.0f} /s  smtp-source -d -s 10 -l 10240 into the same sink, mean of before and after")
    small, large = runs[0], runs[-1]
    share = large.rate / limit
    return all(
        [
            judge("of that, recorded and committed", share, limit=LEAST_RATIO, unit="", least=True),
            judge("until the last", large.last, limit=LONGEST_SECONDS, unit="s"),
            judge("until the click was answered", large.answered, limit=LONGEST_PUBLISH_SECONDS, unit="s"),
            judge("until the first mail of 1,000", small.first, limit=LONGEST_WAIT_SECONDS, unit="s"),
            judge("the same, Redis frozen", without_redis, limit=LONGEST_WAIT_WITHOUT_REDIS, unit="s"),
            judge("the largest sender", large.memory_mb, limit=MOST_MEMORY_MB, unit="MB"),
            judge("mails sent twice", doubled, limit=0, unit=""),
            judge("mails not marked as sent", unmarked, limit=0, unit=""),
        ]
    )


def main() -> int:
    home = Path(os.environ["DATA_DIR"])
    with running_sink(home) as sink:
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{sink.port}?tls=none"
        django.setup()
        return 0 if run_all(sink, int(sys.argv[1])) else 1


def run_all(sink: Sink, subscribers: int) -> bool:
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS = ["*"]
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    scene = Scene()
    limit = session_limit(sink)
    before = sink.taken
    sizes = [*(size for size in SIZES if size < subscribers), subscribers]
    with senders() as running:
        runs = [measure(scene, running, sink, size) for size in sizes]
        without_redis = first_without_redis(scene, sink)
        unmarked = unsettled()
    doubled = sink.taken - before - sum(sizes) - SIZES[0]
    limit = (limit + session_limit(sink)) / 2
    return report(runs, limit=limit, doubled=doubled, unmarked=unmarked, without_redis=without_redis)


if __name__ == "__main__":
    sys.exit(main())
