"""Waiting for something real, with an end."""

import socket
import time
from collections.abc import Callable


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], *, seconds: float, waiting_for: str) -> float:
    """Answers how long it took; raises TimeoutError."""
    started_at = time.monotonic()
    while not condition():
        if time.monotonic() - started_at > seconds:
            raise TimeoutError(f"no {waiting_for} within {seconds:g} s")
        time.sleep(0.05)
    return time.monotonic() - started_at
