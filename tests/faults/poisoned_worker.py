"""A worker of checks for which one address is deadly: it ends whoever asks it."""

import os
import signal

from incidents.monitors.checkers import http
from statuspage.celery import app

_request_of = http.request_of


def die_of_poison(settings: http.Settings, target: str) -> object:
    if target.endswith("/poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    return _request_of(settings, target)


if __name__ == "__main__":
    http.request_of = die_of_poison  # type: ignore[assignment]
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.start(["--quiet", "worker", "-Q", "checks.main", "-c", "1", *alone])
