"""The public page: how fast it is answered, against nginx over the same files, and how fast it is published.

`python -m bench.page` prints each figure beside its limit; exits 1 where one is missed. Needs wrk and nginx
(`apt install wrk nginx-light`). Rounds of the servers alternate, and each figure is the median of its rounds.
"""

import json
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

from bench.publishing import environment, measure_publishing
from bench.report import Report
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
    when = "2026-11-24T08:34:58.000Z"
    same = {"created_at": when, "updated_at": when, "description": None, "showcase": True, "start_date": None}
    same |= {"group_id": None, "page_id": "abcdefghijkl", "group": False, "only_show_if_degraded": False}
    components = [
        {"id": f"{dice.getrandbits(48):012x}", "name": f"Service {n}", "status": "operational", "position": n}
        for n in range(SERVICES)
    ]
    return json.dumps({"page": {}, "components": [c | same for c in components], "incidents": []}).encode()


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


def measure_against_nginx(report: Report, ours: int, theirs: int) -> None:
    measure_case(report, "the page as gzip", "/", ours, theirs, least=0.75)
    measure_case(report, "summary.json as gzip", SUMMARY, ours, theirs, least=0.70)
    measure_case(report, "304 for the page", "/", ours, theirs, least=0.45, is_known=True)


def measure_case(
    report: Report, what: str, path: str, ours: int, theirs: int, *, least: float, is_known: bool = False
) -> None:
    def measure(port: int) -> Callable[[], Rate]:
        headers = (GZIP, f"If-None-Match: {header_of(port, path, 'ETag')}") if is_known else (GZIP,)
        url = f"http://127.0.0.1:{port}{path}"
        return lambda: wrk(url, connections=CONNECTIONS, seconds=SECONDS, headers=headers)

    limit, rate = medians(measure(theirs), measure(ours))
    ratio = rate.per_second / limit.per_second
    figures = f"{rate.per_second:,.0f} of {limit.per_second:,.0f}/s, p99 {rate.p99:.1f} ms"
    told = f"of nginx for {what} ({figures}; at least {least})"
    report.line(f"{ratio:.2f}", told, kept=ratio >= least and not rate.errors)


def measure_many_connections(report: Report, ours: int) -> None:
    url = f"http://127.0.0.1:{ours}/"
    (rate,) = medians(lambda: wrk(url, connections=MANY_CONNECTIONS, seconds=SECONDS, headers=(GZIP,)))
    figures = f"{rate.per_second:,.0f}/s, {rate.errors} errors"
    told = f"p99 at {MANY_CONNECTIONS:,} connections ({figures}; under 250 ms and no error)"
    report.line(f"{rate.p99:.0f} ms", told, kept=rate.p99 < 250 and not rate.errors)


def measure_beside_django(report: Report, ours: int) -> None:
    page, view = f"http://127.0.0.1:{ours}/", f"http://127.0.0.1:{ours}/subscribe"
    others = []

    def alone() -> Rate:
        return wrk(page, connections=CONNECTIONS, seconds=SECONDS, headers=(GZIP,))

    def beside() -> Rate:
        busy = start_wrk(view, connections=CLIENTS_OF_DJANGO, seconds=SECONDS + 1)
        time.sleep(0.5)
        rate = alone()
        others.append(read_wrk(busy).per_second)
        return rate

    free, rate = medians(alone, beside)
    ratio = rate.per_second / free.per_second
    figures = f"{rate.per_second:,.0f} of {free.per_second:,.0f}/s; theirs {statistics.median(others):.0f}/s"
    told = f"of that while {CLIENTS_OF_DJANGO} clients read a page of Django's ({figures}; at least 0.25)"
    report.line(f"{ratio:.2f}", told, kept=ratio >= 0.25)
    report.line(f"{rate.p99:.0f} ms", "p99 meanwhile (under 50)", kept=rate.p99 < 50)


def fill_database() -> None:
    from django.core.management import call_command

    from statuspage.static import collect_static
    from tests import make

    call_command("migrate", verbosity=0)
    collect_static()
    page = make.page(host="127.0.0.1")
    for number in range(SERVICES):
        make.service(page, name=f"Service {number}")


def measure_answers(report: Report, home: Path) -> None:
    data_dir = home / "data"
    os.environ |= environment(data_dir)
    django.setup()
    fill_database()
    with (
        published(data_dir) as live,
        nginx(live, home / "nginx") as theirs,
        granian(data_dir) as ours,
    ):
        measure_against_nginx(report, ours, theirs)
        measure_many_connections(report, ours)
        measure_beside_django(report, ours)


def main() -> int:
    report = Report()
    with tempfile.TemporaryDirectory() as home:
        try:
            measure_answers(report, Path(home))
            measure_publishing(report, Path(home))
        except Missing as missing:
            print(missing)
            return 1
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
