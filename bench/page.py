"""The public page: how fast it is answered, against nginx over the same files, and how fast it is published.

`python -m bench.page` prints each figure beside its limit; exits 1 where one is missed. Needs wrk and nginx
(`apt install wrk nginx-light`). Rounds of the servers alternate, and each figure is the median of its rounds.
"""

import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from bench.serving import Missing, Rate, granian, header_of, nginx, read_wrk, start_wrk, wrk

ROUNDS = 5
SECONDS = 3.0
CONNECTIONS = 64
MANY_CONNECTIONS = 1_000
CLIENTS_OF_DJANGO = 16
SERVICES, DAYS = 30, 90
SUMMARY = "/api/v2/summary.json"
GZIP = "Accept-Encoding: gzip"


def page_html() -> bytes:
    """About 40 kB, 8 kB as gzip: thirty services, each with ninety days as bars."""
    dice = random.Random(1)
    rows = []
    for number in range(SERVICES):
        bars = "".join(f"<i class={dice.choice('uuuuuuuudn')}{dice.randrange(30)}>" for _ in range(DAYS))
        rows.append(f"<li><b>Service {number}</b> {dice.uniform(99, 100):.3f} %<p>{bars}</p></li>\n")
    return f"<!DOCTYPE html><html lang=ja><title>稼働状況</title><ul>{''.join(rows)}</ul>".encode()


def summary_json() -> bytes:
    """About 9 kB: the components of thirty services."""
    dice = random.Random(2)
    one = '{{"id":"{0:012x}","name":"Service {1}","status":"operational","created_at":"{2}","updated_at":"{2}","position":{1},"description":null,"showcase":true,"start_date":null,"group_id":null,"page_id":"abcdefghijkl","group":false,"only_show_if_degraded":false}}'
    when = "2026-11-24T08:34:58.000Z"
    components = ",".join(one.format(dice.getrandbits(48), number, when) for number in range(SERVICES))
    return f'{{"page":{{}},"components":[{components}],"incidents":[],"scheduled_maintenances":[]}}'.encode()


@contextmanager
def published(data_dir: Path) -> Iterator[Path]:
    """The files as the publisher writes them, with a heart that beats meanwhile; answers where they lie."""
    from incidents.lib import times
    from incidents.snapshots.publish import Renewal
    from incidents.snapshots.source import JSON, File, Source
    from incidents.snapshots.store import Store

    directory = data_dir / "published" / "127.0.0.1"
    files = [
        File("/", page_html(), stale=page_html(), language="ja"),
        File(SUMMARY, summary_json(), JSON, stale=summary_json()),
        File("/404", b"<!DOCTYPE html><title>404</title>", status=404),
    ]
    source = Source("all", "1", tuple(file.address for file in files), lambda: files)
    stopped = threading.Event()

    def publish() -> None:
        while not stopped.wait(15):
            store = Store(directory)
            with store.writing():
                store.beat(times.now())

    store = Store(directory)
    with store.writing():
        Renewal(store, look="", now=times.now()).run([source])
    heart = threading.Thread(target=publish)
    heart.start()
    try:
        yield directory / "live"
    finally:
        stopped.set()
        heart.join()


def medians(*measures: Callable[[], Rate]) -> list[Rate]:
    """Of as many measures, taken in turns."""
    rounds = [[measure() for measure in measures] for _ in range(ROUNDS)]
    return [
        Rate(
            statistics.median(rate.per_second for rate in rates),
            statistics.median(rate.p99 for rate in rates),
            sum(rate.errors for rate in rates),
        )
        for rates in zip(*rounds, strict=True)
    ]


class Report:
    def __init__(self) -> None:
        self.missed = 0

    def line(self, figure: str, what: str, *, kept: bool) -> None:
        self.missed += not kept
        print(f"{figure:>12}  {what}{'' if kept else '  MISSED'}", flush=True)


def measure_against_nginx(report: Report, ours: int, theirs: int) -> None:
    cases = (
        ("the page as gzip", "/", 0.75, lambda port: (GZIP,)),
        ("summary.json as gzip", SUMMARY, 0.70, lambda port: (GZIP,)),
        (
            "304 for the page",
            "/",
            0.45,
            lambda port: (GZIP, f"If-None-Match: {header_of(port, '/', 'ETag')}"),
        ),
    )
    for what, path, least, headers in cases:
        measures = [
            lambda port=port: wrk(
                f"http://127.0.0.1:{port}{path}",  # noqa: B023 - called before the next turn
                connections=CONNECTIONS,
                seconds=SECONDS,
                headers=headers(port),  # noqa: B023
            )
            for port in (theirs, ours)
        ]
        limit, rate = medians(*measures)
        ratio = rate.per_second / limit.per_second
        told = f"of nginx for {what} ({rate.per_second:,.0f} of {limit.per_second:,.0f}/s, p99 {rate.p99:.1f} ms; at least {least})"
        report.line(f"{ratio:.2f}", told, kept=ratio >= least and not rate.errors)


def measure_many_connections(report: Report, ours: int) -> None:
    (rate,) = medians(
        lambda: wrk(
            f"http://127.0.0.1:{ours}/", connections=MANY_CONNECTIONS, seconds=SECONDS, headers=(GZIP,)
        )
    )
    told = f"p99 at {MANY_CONNECTIONS:,} connections ({rate.per_second:,.0f}/s, {rate.errors} errors; under 250 and none)"
    report.line(f"{rate.p99:.0f} ms", told, kept=rate.p99 < 250 and not rate.errors)


def measure_beside_django(report: Report, ours: int) -> None:
    page, view = f"http://127.0.0.1:{ours}/", f"http://127.0.0.1:{ours}/subscribe"
    django_rates = []

    def busy() -> Rate:
        others = start_wrk(view, connections=CLIENTS_OF_DJANGO, seconds=SECONDS + 1)
        time.sleep(0.5)
        rate = wrk(page, connections=CONNECTIONS, seconds=SECONDS, headers=(GZIP,))
        django_rates.append(read_wrk(others).per_second)
        return rate

    alone, beside = medians(
        lambda: wrk(page, connections=CONNECTIONS, seconds=SECONDS, headers=(GZIP,)), busy
    )
    ratio = beside.per_second / alone.per_second
    told = (
        f"of its speed alone while {CLIENTS_OF_DJANGO} clients read a page of Django's "
        f"({beside.per_second:,.0f} of {alone.per_second:,.0f}/s; Django {statistics.median(django_rates):.0f}/s; at least 0.25)"
    )
    report.line(f"{ratio:.2f}", told, kept=ratio >= 0.25)
    report.line(f"{beside.p99:.0f} ms", "p99 meanwhile (under 50)", kept=beside.p99 < 50)


def fill_database() -> None:
    from django.core.management import call_command

    from statuspage.static import collect_static
    from tests import make

    call_command("migrate", verbosity=0)
    collect_static()
    page = make.page(host="127.0.0.1")
    for number in range(SERVICES):
        make.service(page, name=f"Service {number}")


def main() -> int:
    report = Report()
    with tempfile.TemporaryDirectory() as home:
        data_dir = Path(home, "data")
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(data_dir),
        }
        django.setup()
        fill_database()
        try:
            with (
                published(data_dir) as live,
                nginx(live, Path(home, "nginx")) as theirs,
                granian(data_dir) as ours,
            ):
                measure_against_nginx(report, ours, theirs)
                measure_many_connections(report, ours)
                measure_beside_django(report, ours)
        except Missing as missing:
            print(missing)
            return 1
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
