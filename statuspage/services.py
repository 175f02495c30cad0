"""What `make up` runs, each as a function for a process of its own.

Importing this loads the whole application, once, for all of them.
"""

import gc
import logging
import os
import resource
import socket
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

import django
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning
from django.core.management import execute_from_command_line
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from statuspage.broker import broker_command, make_private_dir, socket_path
from statuspage.celery import CHECKS_QUEUE, DEFAULT_QUEUE, NOTICES_QUEUE, app
from statuspage.children import Child, fork
from statuspage.guard import SERVER_THREADS

BIND_ADDRESS = "127.0.0.1"
ALONE = ("--without-gossip", "--without-mingle", "--without-heartbeat")
SENDER_LANES = (("staff", "staff:endpoints"), ("personal",), ("notices",), ("endpoints",))
MOST_CONNECTIONS = 4096
"""Idle ones count too: beyond it nobody gets in."""

LOADED_FOR_CHILDREN = (
    "celery.apps.worker",
    "celery.bin.beat",
    "celery.bin.worker",
    "celery.concurrency.prefork",
    "kombu.transport.redis",
    "statuspage.urls",
)


def load_application() -> None:
    """Before the first fork: what is loaded now is shared, and left out of garbage collections.

    `manage.py setup` makes Django's checks, once: each process that made them again would write over the pages of
    all that they look at, and keep a copy of them.
    """
    os.environ["CELERY_SKIP_CHECKS"] = "1"
    # One warns root of pickled messages, which are not accepted here; one announces a default that is set.
    for category in (SecurityWarning, CPendingDeprecationWarning):
        warnings.simplefilter("ignore", category)
    django.setup()
    for module in LOADED_FOR_CHILDREN:
        import_module(module)
    app.finalize(auto=True)
    gc.collect()
    gc.freeze()


def manage(*words: str) -> tuple[str, Callable[[], None]]:
    line = ["manage.py", *words]
    return " ".join(line), partial(execute_from_command_line, line)


def run_side_by_side(*jobs: tuple[str, Callable[[], None]]) -> list[str]:
    """Waits for all; answers the names of those that failed."""
    pids = [(name, fork(name, work)) for name, work in jobs]
    return [name for name, pid in pids if os.waitpid(pid, 0)[1]]


def serve_pages(port: int) -> None:
    """With more threads than Django ever takes (`statuspage.guard`)."""
    logging.getLogger("_granian").addFilter(_is_news)
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    Granian(
        "statuspage.wsgi:application",
        address=BIND_ADDRESS,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=SERVER_THREADS,
        backlog=MOST_CONNECTIONS,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=5,
        log_level=LogLevels.warning,
    ).serve()


def _is_news(record: logging.LogRecord) -> bool:
    """Each start warns of the number of threads, which is meant."""
    return "Python threads" not in record.getMessage()


def _celery(*words: str) -> Callable[[], None]:
    return partial(app.start, ["--quiet", *words, "--loglevel", "INFO"])


def _worker(queue: str, *, processes: int) -> Callable[[], None]:
    return _celery("worker", "-Q", queue, "-n", f"{queue}@%h", "-c", str(processes), *ALONE)


def _worker_by_itself(queue: str) -> Callable[[], None]:
    """Without children, which would cost memory: what it does ends by itself, and if it dies, it is started again."""
    return _celery("worker", "-Q", queue, "-n", f"{queue}@%h", "-P", "solo", *ALONE)


def make_broker(data_dir: Path) -> Child:
    """The embedded broker; its data and (if the path allows) its socket are in `data_dir`."""
    path = socket_path(data_dir)
    home = data_dir / "broker"
    make_private_dir(home)
    make_private_dir(path.parent)
    command = broker_command(data_dir=home, socket=path)
    return Child("valkey-server", partial(os.execv, command[0], command), stop_seconds=10)


def broker_answers(data_dir: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            client.connect(str(socket_path(data_dir)))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def make_services(port: int) -> list[Child]:
    """In the order in which they end."""
    _, publish_for_ever = manage("publish_page", "--forever", "--skip-checks")
    return [
        Child("celery beat", _celery("beat"), stop_seconds=5),
        Child("granian web server", partial(serve_pages, port), stop_seconds=10),
        Child("page publisher", publish_for_ever, stop_seconds=10),
        Child("celery worker default", _worker(DEFAULT_QUEUE, processes=1), stop_seconds=30),
        Child("celery worker checks", _worker_by_itself(CHECKS_QUEUE), stop_seconds=30),
        Child("celery worker notices", _worker(NOTICES_QUEUE, processes=1), stop_seconds=30),
        *(_sender(*lanes) for lanes in SENDER_LANES),
    ]


def _sender(*lanes: str) -> Child:
    """One that needs no broker, and that no other lane keeps waiting."""
    chosen = [part for lane in lanes for part in ("--lane", lane)]
    _, work = manage("deliver", *chosen, "--verbosity", "0", "--skip-checks")
    return Child(f"sender of {lanes[0]}", work, stop_seconds=30)
