"""Runs the whole service until Ctrl-C: `python -m statuspage.supervisor`, which is `make up`.

Broker, database set-up, web server, publisher, two Celery workers, beat. A child that ends comes back; when
this process ends, however it ends, nothing that it started outlives it.
"""

import argparse
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from statuspage.broker import BrokerUnavailable
from statuspage.children import STOP_SIGNALS, Child
from statuspage.processes import die_with_parent
from statuspage.services import (
    BIND_ADDRESS,
    broker_answers,
    load_application,
    make_broker,
    make_services,
    manage,
    run_side_by_side,
)
from statuspage.settings import environment
from statuspage.static import collect_static

TICK_SECONDS = 0.2
BROKER_START_SECONDS = 10.0
PORT_WAIT_SECONDS = 5.0


class CannotRun(Exception):
    """`str()` says why and what to do."""


class Stopped(Exception):
    """A signal asked for the end."""


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def _port_is_free() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((BIND_ADDRESS, environment.port))
        except OSError:
            return False
    return True


def _web_answers() -> bool:
    client = HTTPConnection(BIND_ADDRESS, environment.port, timeout=1)
    try:
        client.request("GET", "/healthz", headers={"Host": environment.allowed_hosts[0].lstrip(".")})
        return client.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        client.close()


def _await(condition: Callable[[], bool], *, seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise CannotRun(otherwise)
        time.sleep(0.05)


@contextmanager
def _alone_on(data_dir: Path) -> Iterator[None]:
    """Holds the directory's lock, which ends with this process, whatever happens to that."""
    with (data_dir / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            other = lock.read().strip() or "unknown"
            raise CannotRun(
                f"another instance (process {other}) runs on {data_dir}: stop it, or set another DATA_DIR"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _run_or_refuse(*jobs: tuple[str, Callable[[], None]]) -> None:
    for name in run_side_by_side(*jobs):
        raise CannotRun(f"`{name}` failed; what it wrote above says why")


def _prepare(brokers: list[Child], *, demo: bool) -> None:
    _await(
        _port_is_free,
        seconds=PORT_WAIT_SECONDS,
        otherwise=f"port {environment.port} is in use: stop what listens there, or set another PORT",
    )
    for broker in brokers:
        broker.start()
    load_application()
    _run_or_refuse(manage("setup"), ("collecting static files", collect_static))
    if demo:
        _run_or_refuse(manage("demo"))
    if brokers:
        _await(
            lambda: broker_answers(environment.data_dir),
            seconds=BROKER_START_SECONDS,
            otherwise=f"the broker did not start; its data is in {environment.data_dir / 'broker'}",
        )


def _keep_running(children: list[Child]) -> None:
    announced = False
    while True:
        for child in children:
            if sentence := child.keep_running():
                _say(sentence)
        if not announced and _web_answers():
            announced = True
            _say(f"\nStatus page:  {environment.site_url}/\nConsole:      {environment.site_url}/console/")
            _say("Ctrl-C stops it.\n")
        time.sleep(TICK_SECONDS)


def _end_in_order(*groups: list[Child]) -> None:
    for group in groups:
        for child in group:
            child.ask_to_end()
        for child in group:
            child.end()


def _raise_stopped(*_: Any) -> None:
    """Once: another signal while things end would leave them half ended."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def run(*, demo: bool) -> None:
    """Until a signal asks for the end; raises CannotRun or BrokerUnavailable.

    The broker ends last: a running task can still finish.
    """
    with _alone_on(environment.data_dir):
        broker = [] if environment.redis_url else [make_broker(environment.data_dir)]
        beat, web, publisher, *workers = make_services(environment.port)
        try:
            _prepare(broker, demo=demo)
            _keep_running([*broker, publisher, *workers, web, beat])
        except Stopped:
            _say("\nStopping.")
        finally:
            _end_in_order([beat], [web], [publisher, *workers], broker)


def main() -> None:
    options = argparse.ArgumentParser(prog="statuspage.supervisor", description=__doc__)
    options.add_argument("--demo", action="store_true", help="fill the page with an example first")
    options.add_argument("--end-with-parent", action="store_true", help="stop when the caller ends")
    chosen = options.parse_args()
    for number in STOP_SIGNALS:
        signal.signal(number, _raise_stopped)
    if chosen.end_with_parent:
        die_with_parent(os.getppid(), by=signal.SIGTERM)
    try:
        run(demo=chosen.demo)
    except (CannotRun, BrokerUnavailable) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
