"""The page's two servers, each with one worker, and wrk to ask them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.waiting import free_port, wait_until

START_SECONDS = 60.0
NGINX_CONF = """
{user}
worker_processes 1;
worker_rlimit_nofile 8192;
pid {home}/nginx.pid;
error_log {home}/error.log;
daemon off;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    types {{ text/html html; application/json json; }}
    gzip_static on;
    gzip_vary on;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fcgi;
    uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        location ~ /$ {{ try_files ${{uri}}index.html =404; }}
        location / {{ try_files $uri $uri.html =404; }}
    }}
}}
"""


class Missing(Exception):
    """`str()` names the program and where it comes from."""


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        raise Missing(f"{name} is needed: `apt install {name}`")
    return found


@dataclass(frozen=True)
class Rate:
    """Of one run of wrk; `p99` in milliseconds."""

    per_second: float
    p99: float
    errors: int


def wrk(url: str, *, connections: int, seconds: float, headers: tuple[str, ...] = ()) -> Rate:
    """Non-2xx answers other than 304 count as errors."""
    return read_wrk(start_wrk(url, connections=connections, seconds=seconds, headers=headers))


def start_wrk(
    url: str, *, connections: int, seconds: float, headers: tuple[str, ...] = ()
) -> "subprocess.Popen[str]":
    command = [program("wrk"), "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "--timeout", "10s"]
    command += [word for header in headers for word in ("-H", header)]
    process = subprocess.Popen([*command, url], stdout=subprocess.PIPE, text=True, start_new_session=True)
    put_first(process.pid)
    return process


def read_wrk(process: "subprocess.Popen[str]") -> Rate:
    output, _ = process.communicate()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", output)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    if not rate or not p99:
        raise RuntimeError(f"wrk said:\n{output}")
    errors = sum(map(int, sockets.groups())) if sockets else 0
    unit = {"us": 0.001, "ms": 1.0, "s": 1_000.0, "m": 60_000.0}[p99[2]]
    return Rate(float(rate[1]), float(p99[1]) * unit, errors + (int(refused[1]) if refused else 0))


@contextmanager
def nginx(root: Path, home: Path, conf: str = NGINX_CONF) -> Iterator[int]:
    """Over the files below `root`; answers its port."""
    port = free_port()
    home.mkdir(exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""  # else its workers may not enter the directory
    (home / "nginx.conf").write_text(conf.format(home=home, root=root, port=port, user=user))
    with running([program("nginx"), "-p", str(home), "-c", str(home / "nginx.conf")], port, path="/"):
        yield port


@contextmanager
def granian(data_dir: Path) -> Iterator[int]:
    """The product's own web server on what lies in `data_dir`; answers its port."""
    port = free_port()
    code = f"from statuspage.services import load_application, serve_pages; load_application(); serve_pages({port})"
    with running([sys.executable, "-c", code], port, path="/healthz", DATA_DIR=str(data_dir)):
        yield port


@contextmanager
def running_beside(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    """Something that does not listen, as it runs beside the others."""
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    put_first(process.pid)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def running(command: list[str], port: int, *, path: str, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(command, env=os.environ | environment, start_new_session=True)
    put_first(process.pid)
    try:
        wait_until(lambda: answers(port, path), seconds=START_SECONDS, waiting_for=f"answer of {command[0]}")
        yield
    finally:
        process.terminate()
        process.wait(30)


def put_first(pid: int) -> None:
    """Before the machine's other work, where the kernel and our rights allow it: Linux shares time by session."""
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text("-19")


def answers(port: int, path: str) -> bool:
    client = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        client.request("GET", path)
        return client.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        client.close()


def header_of(port: int, path: str, name: str) -> str:
    client = HTTPConnection("127.0.0.1", port, timeout=5)
    client.request("GET", path, headers={"Accept-Encoding": "gzip"})
    value = client.getresponse().headers[name]
    client.close()
    return str(value)
