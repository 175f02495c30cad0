"""Answers that must not tell by the clock what they do not tell in words."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

STEP_SECONDS = 0.1


@contextmanager
def taking_a_whole_step() -> Iterator[None]:
    """Writing a mail takes some milliseconds longer than writing none: by the clock, too, an answer must not
    tell whether an address is subscribed."""
    began = time.monotonic()
    try:
        yield
    finally:
        time.sleep((began - time.monotonic()) % STEP_SECONDS)
