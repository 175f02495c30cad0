"""SIGTERM and SIGINT as something that a loop can ask about."""

import signal
import threading
from types import FrameType


def stop_on_signals() -> threading.Event:
    """Set by either signal, so that the loop ends after what is under way."""
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopped
