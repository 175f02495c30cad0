"""How long a monitoring system waits for its answer at /hooks/…, over the real web server, while a worker takes what
came before.

`python -m bench.hooks` runs on PostgreSQL and on SQLite; prints p50 and p99 beside the promise and exits 1 where it is
not kept.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import django

from bench.report import Report
from bench.serving import granian, running_beside
from tests.broker import broker
from tests.postgres import postgres

PROMISE_MS = 50
SENDERS = 2
CALLS_A_SECOND = 10
SECONDS = 30
SOURCES = 40
MANY = 10
BEGAN = datetime.now(UTC).isoformat()
WORKER = [
    *(sys.executable, "-m", "celery", "-A", "statuspage.celery", "--quiet", "worker", "-Q", "default"),
    *("-c", "1", "--without-gossip", "--without-mingle", "--without-heartbeat"),
]


def make_sources() -> list[tuple[str, str]]:
    """Path and secret of each; every one has a service of its own."""
    from django.core.management import call_command

    from incidents.actions.alert import create_source
    from tests import make

    call_command("migrate", verbosity=0)
    page = make.page(host="127.0.0.1")
    sources = [
        create_source(page, name=f"Prometheus {n}", kind="alertmanager", service=make.service(page))
        for n in range(SOURCES)
    ]
    return [(f"/hooks/alertmanager/{source.public_id}", source.secret) for source in sources]


def body_of(*, alerts: int, is_over: bool) -> bytes:
    """Alerts that begin in a source's first call, go on, and are over in its last."""
    labels = {"alertname": "Errors", "severity": "critical", "instance": "web1", "job": "api"}
    alert = {
        "status": "resolved" if is_over else "firing",
        "labels": labels,
        "startsAt": BEGAN,
        "endsAt": BEGAN,
    }
    group = [alert | {"fingerprint": f"{alerts}-{n}"} for n in range(alerts)]
    return json.dumps({"version": "4", "groupKey": "{}", "status": "firing", "alerts": group}).encode()


def send(port: int, sources: list[tuple[str, str]], *, alerts: int) -> list[float]:
    """Milliseconds of each call, at an even pace over one kept connection."""
    took = []
    client = HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.perf_counter()
    calls = CALLS_A_SECOND * SECONDS // SENDERS
    for call in range(calls):
        time.sleep(max(0.0, began + call * SENDERS / CALLS_A_SECOND - time.perf_counter()))
        path, secret = sources[call % len(sources)]
        body = body_of(alerts=alerts, is_over=call >= calls - len(sources))
        asked = time.perf_counter()
        client.request("POST", path, body, {"Authorization": f"Bearer {secret}"})
        with client.getresponse() as answer:
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"answered {answer.status}")
        took.append(1000 * (time.perf_counter() - asked))
    client.close()
    return took


def measure(report: Report, port: int, sources: list[tuple[str, str]], *, alerts: int) -> None:
    shares = [sources[n::SENDERS] for n in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as senders:
        rounds = senders.map(lambda share: send(port, share, alerts=alerts), shares)
        took = [milliseconds for one in rounds for milliseconds in one]
    p50, p99 = statistics.median(took), statistics.quantiles(took, n=100)[98]
    what = f"p99 of {len(took)} answers to {alerts} alerts each, {CALLS_A_SECOND} a second"
    told = f"{what} (p50 {p50:.1f} ms, longest {max(took):.0f} ms; under {PROMISE_MS} ms)"
    report.line(f"{p99:.1f} ms", told, kept=p99 < PROMISE_MS)


def run() -> int:
    django.setup()
    sources = make_sources()
    from django.db import connection

    connection.close()
    report = Report()
    with running_beside(WORKER, dict(os.environ)), granian(Path(os.environ["DATA_DIR"])) as port:
        for alerts in (1, MANY):
            measure(report, port, sources, alerts=alerts)
    return report.missed


def run_on(name: str, database_url: str) -> int:
    print(f"\non {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as home, broker(Path(home)) as redis:
        values: dict[str, Any] = {
            **os.environ,
            "ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
            "DATABASE_URL": database_url or f"sqlite:///{home}/bench.sqlite3",
            "DATA_DIR": home,
            "REDIS_URL": redis.redis_url,
        }
        command = [sys.executable, "-m", "bench.hooks", "run"]
        return 1 if subprocess.run(command, env=values, check=False).returncode else 0


def main() -> int:
    if sys.argv[1:] == ["run"]:
        return 1 if run() else 0
    with postgres(durable=True) as server:
        missed = run_on("PostgreSQL", server.url)
    return missed | run_on("SQLite", "")


if __name__ == "__main__":
    sys.exit(main())
