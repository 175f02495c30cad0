"""Processes that must not outlive the one that started them."""

import ctypes
import os
import signal
import sys

SUPERVISED = "STATUSPAGE_SUPERVISED"
"""Set in the environment of everything that `statuspage.supervisor` starts."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int, *, by: signal.Signals = signal.SIGKILL) -> None:
    """From now on the kernel sends this process `by` when the thread that started it ends, however it ends.

    `parent` is the number of the process that must still be there: one that ended before the call would
    go unnoticed otherwise. Does nothing where the kernel has no such call (not Linux).
    """
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        os._exit(1)
