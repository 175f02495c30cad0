"""Child processes of the supervisor: forked, kept running, ended with all that they started."""

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from statuspage.processes import SUPERVISED, die_with_parent

STABLE_SECONDS = 10.0
FIRST_DELAY_SECONDS = 0.3
LONGEST_DELAY_SECONDS = 4.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def fork(title: str, work: Callable[[], None]) -> int:
    """Runs `work` in a forked child, in a session of its own; answers the child's number.

    A fork and not a new interpreter: what the supervisor has loaded is shared, which saves half of the
    memory and most of the time to start.
    """
    supervisor = os.getpid()
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    try:
        _become(title, supervisor=supervisor)
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1 if end.code else 0
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # past the supervisor's own handlers, which are on this stack


def _become(title: str, *, supervisor: int) -> None:
    os.setsid()
    die_with_parent(supervisor)
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    os.closerange(3, 256)  # nothing of the supervisor's stays open here, its lock above all
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ[SUPERVISED] = "1"
    _show_title(title)


def _show_title(title: str) -> None:
    """Makes `ps` show what the process is, by writing over its copied command line (Linux)."""
    with suppress(OSError, ValueError, IndexError):
        start, end = map(int, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[45:47])
        text = title.encode()[: end - start - 1]
        ctypes.memmove(start, text.ljust(end - start, b"\0"), end - start)


@dataclass
class Child:
    """Something that is kept running."""

    title: str
    work: Callable[[], None]
    stop_seconds: float
    pid: int | None = None
    started_at: float = 0.0
    delay: float = FIRST_DELAY_SECONDS
    due_at: float = field(default=0.0)

    def start(self) -> None:
        self.pid = fork(self.title, self.work)
        self.started_at = time.monotonic()

    def has_ended(self) -> bool:
        """Asks without collecting the process, so that its group's number stays taken until `bury()`."""
        if self.pid is None:
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def bury(self) -> int:
        """Kills what the child left behind, and itself if it still runs; answers its exit code."""
        assert self.pid is not None
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        return os.waitstatus_to_exitcode(status)

    def keep_running(self) -> str | None:
        """Starts it again when its time has come: soon after a long life, later after a short one.

        Answers a sentence when it was found dead.
        """
        if not self.has_ended():
            return None
        now = time.monotonic()
        if self.pid is None:
            if now >= self.due_at:
                self.start()
            return None
        code = self.bury()
        lived_long = now - self.started_at > STABLE_SECONDS
        self.delay = FIRST_DELAY_SECONDS if lived_long else min(self.delay * 2, LONGEST_DELAY_SECONDS)
        self.due_at = now + self.delay
        return f"{self.title} ended (code {code}); it starts again in {self.delay:.1f} s"

    def ask_to_end(self) -> None:
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)

    def end(self) -> None:
        """Waits `stop_seconds` for it, then kills it; what it started goes with it."""
        deadline = time.monotonic() + self.stop_seconds
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(0.05)
        if self.pid is not None:
            self.bury()
