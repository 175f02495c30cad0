"""Mails a second, each recorded and committed, against what Postfix's own source brings into the same sink.

`python -m bench.fanout [SUBSCRIBERS]` runs on PostgreSQL and on SQLite, with the two senders of many that
`make up` has, and exits 1 where a limit is missed. It needs smtp-sink and smtp-source (Debian: postfix).
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.sink import NoSink, find_program
from tests.broker import broker
from tests.postgres import postgres

SUBSCRIBERS = 100_000


@contextmanager
def sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as home:
        yield f"sqlite:///{home}/bench.sqlite3"


def run(name: str, database_url: str, subscribers: int) -> int:
    print(f"\non {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as home, broker(Path(home)) as redis:
        values = {
            **os.environ,
            "ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
            "DATABASE_URL": database_url,
            "DATA_DIR": home,
            "REDIS_URL": redis.redis_url,
            "BROKER_PID": str(redis.pid),
            "SITE_URL": "http://127.0.0.1:8000",
        }
        command = [sys.executable, "-m", "bench.fanout_run", str(subscribers)]
        return subprocess.run(command, env=values, check=False).returncode


def main() -> int:
    subscribers = int(sys.argv[1]) if len(sys.argv) > 1 else SUBSCRIBERS
    try:
        find_program("smtp-sink")
    except NoSink as missing:
        print(f"NOT MEASURED: {missing}")
        return 1
    with postgres(durable=True) as server:
        missed = run("PostgreSQL", server.url, subscribers)
    with sqlite() as url:
        return missed | run("SQLite", url, subscribers)


if __name__ == "__main__":
    sys.exit(main())
