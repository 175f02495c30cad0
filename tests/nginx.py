"""Debian's nginx with the configuration that is shipped, on loopback."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import make_certificate
from tests.waiting import free_port, wait_until

SHIPPED = Path(__file__).parents[1] / "deploy" / "nginx.conf"
NO_NGINX = "no nginx found"
AROUND = """
{user}
daemon off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    include {home}/statuspage.conf;
}}
"""


def find_nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")


def nginx_or_skip() -> str:
    """Skips where there is none; with REQUIRE_BROWSER set, as on a machine made for all tests, fails."""
    found = find_nginx()
    if found is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(NO_NGINX)
        pytest.skip(NO_NGINX)
    return found


@dataclass(frozen=True)
class Ports:
    """Where the shipped configuration listens instead of 443 and 80."""

    https: int
    http: int


@contextmanager
def serving(home: Path, *, data_dir: Path, host: str, application_port: int) -> Iterator[Ports]:
    """The shipped file with its host, its paths and its ports replaced, and nothing else."""
    program = nginx_or_skip()
    ports = Ports(free_port(), free_port())
    home.mkdir(parents=True, exist_ok=True)
    certificate = make_certificate(home / "certificate.pem", days_left=1)
    text = SHIPPED.read_text()
    for shipped, here in (
        ("/srv/statuspage/var", str(data_dir)),
        ("/etc/ssl/statuspage/fullchain.pem", str(certificate)),
        ("/etc/ssl/statuspage/privkey.pem", str(certificate)),
        ("/var/log/nginx/statuspage.log", str(home / "access.log")),
        ("127.0.0.1:8000", f"127.0.0.1:{application_port}"),
        ("status.example.com", host),
        ("listen 443", f"listen 127.0.0.1:{ports.https}"),
        ("listen 80", f"listen 127.0.0.1:{ports.http}"),
    ):
        assert shipped in text, shipped
        text = re.sub(rf"{re.escape(shipped)}\b", here, text)
    (home / "statuspage.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""  # else its workers may not enter a test's directory
    (home / "nginx.conf").write_text(AROUND.format(home=home, user=user))
    with _running([program, "-p", str(home), "-c", str(home / "nginx.conf")], home):
        yield ports


@contextmanager
def _running(command: list[str], home: Path) -> Iterator[None]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until(
            lambda: (home / "nginx.pid").exists() or process.poll() is not None,
            seconds=20,
            waiting_for="nginx",
        )
        assert process.poll() is None, (home / "error.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)
