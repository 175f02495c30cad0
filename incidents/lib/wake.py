"""Wakes a task after a commit, so that it need not wait for its next turn on the beat.

The work is in the database already: a wake that is lost costs seconds, and one that cannot be sent
must cost the caller nothing. It carries no data.
"""

import logging
import threading
import time

from celery import current_app

SOCKET_TIMEOUT_SECONDS = 0.5
FAILURES_BEFORE_SILENCE = 3
SILENCE_SECONDS = 30.0
EXPIRES_SECONDS = 60

logger = logging.getLogger(__name__)


class Breaker:
    """After three failures in a row nobody tries for 30 s. One for each process, shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._silent_until = 0.0

    def is_open(self) -> bool:
        with self._lock:
            return time.monotonic() < self._silent_until

    def note_success(self) -> None:
        with self._lock:
            self._failures = 0

    def note_failure(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES_BEFORE_SILENCE:
                self._failures = 0
                self._silent_until = time.monotonic() + SILENCE_SECONDS


_breaker = Breaker()


def wake(task_name: str) -> None:
    """Asks for one run of the task of that full name, such as "incidents.tasks.deliver_notices".

    Call it after the commit. Never raises. Waits at most about a second for a broker that does not
    answer, and after three such failures not at all for 30 s.
    """
    if _breaker.is_open():
        return
    try:
        _send(task_name)
    except Exception as error:
        _breaker.note_failure()
        logger.warning("could not wake %s: %s", task_name, type(error).__name__)
    else:
        _breaker.note_success()


def _send(task_name: str) -> None:
    """By a connection of its own: the shared ones wait longer, and a fork would share their sockets."""
    options = {
        "socket_connect_timeout": SOCKET_TIMEOUT_SECONDS,
        "socket_timeout": SOCKET_TIMEOUT_SECONDS,
        "max_retries": 0,
    }
    with current_app.connection_for_write(transport_options=options) as connection:
        current_app.send_task(task_name, connection=connection, retry=False, expires=EXPIRES_SECONDS)
