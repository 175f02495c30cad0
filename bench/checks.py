"""Checks a second through Celery, judged and stored, against what wrk gets out of the same nginx; then ten thousand
monitors on their beat: how late, at what cost.

`python -m bench.checks [MINUTES]` (default: ten) prints each figure beside its limit and exits 1 where one is missed.
On SQLite, or with `--postgres` on a PostgreSQL of its own. It needs nginx and wrk.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.serving import Missing, nginx, program
from tests.broker import broker
from tests.postgres import postgres
from tests.servers import make_certificate
from tests.waiting import free_port

NGINX_CONF = """
{user}
worker_processes 1;
worker_rlimit_nofile 16384;
pid {home}/nginx.pid;
error_log {home}/error.log;
daemon off;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fcgi;
    uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    ssl_certificate {root}/certificate.pem;
    ssl_certificate_key {root}/certificate.pem;
    ssl_session_cache off;
    ssl_session_tickets off;
    keepalive_timeout 0;
    server {{ listen 127.0.0.1:{port} backlog=8192; return 200 "ok\\n"; }}
    server {{ listen 127.0.0.1:%s ssl backlog=8192; return 200 "ok\\n"; }}
}}
"""


def environment(home: Path, *, database_url: str, redis_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        "DATABASE_URL": database_url,
        "DATA_DIR": str(home),
        "REDIS_URL": redis_url,
        "SITE_URL": "http://127.0.0.1:8000",
        "OUTBOUND_ALLOW": "127.0.0.0/8",
        "SSL_CERT_FILE": str(home / "certificate.pem"),
    }


@contextmanager
def database(home: Path, *, on_postgres: bool) -> Iterator[str]:
    if not on_postgres:
        yield f"sqlite:///{home}/bench.sqlite3"
        return
    with postgres(durable=True) as server:
        yield server.url


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.checks", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=10)
    parser.add_argument("--monitors", type=int, default=10_000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--only", choices=["rate", "beat"])
    chosen = parser.parse_args()
    try:
        program("wrk")
        program("nginx")
    except Missing as missing:
        print(f"NOT MEASURED: {missing}")
        return 1
    with tempfile.TemporaryDirectory(prefix="statuspage-bench-") as name:
        home = Path(name)
        make_certificate(home / "certificate.pem", days_left=30)
        with (
            broker() as redis,
            database(home, on_postgres=chosen.postgres) as url,
            targets(home) as (http, https),
        ):
            command = [sys.executable, "-m", "bench.checks_run", f"--http={http}", f"--https={https}"]
            command += [f"--minutes={chosen.minutes}", f"--monitors={chosen.monitors}"]
            command += [f"--only={chosen.only}"] if chosen.only else []
            values = environment(home, database_url=url, redis_url=redis.redis_url)
            return subprocess.run(command, env=values, check=False).returncode


@contextmanager
def targets(home: Path) -> Iterator[tuple[int, int]]:
    """The ports of one nginx that takes a connection for each request, plain and with TLS."""
    https = free_port()
    with nginx(home, home / "nginx", NGINX_CONF.replace("%s", str(https))) as http:
        yield http, https


if __name__ == "__main__":
    sys.exit(main())
