"""Who holds a lease, written so that another process of this machine can tell when the holder is dead."""

import os
import secrets
import socket
from pathlib import Path

_PROC = Path("/proc")


def new_owner() -> str:
    """`place/pid/start/pass`: the last part tells the passes of one process apart."""
    return f"{_place()}/{os.getpid()}/{_start_of(os.getpid())}/{secrets.token_hex(4)}"


def is_dead(owner: str, *, asker: str) -> bool:
    """True only when it is certain: same place, and that process (or that pass of the asker) is over."""
    place, pid, start, _ = _parts(owner)
    asker_place, asker_pid, asker_start, _ = _parts(asker)
    if not pid.isdigit() or place != asker_place or owner == asker:
        return False
    if (pid, start) == (asker_pid, asker_start):
        return True
    return bool(start) and _start_of(int(pid)) != start


def is_alive(owner: str, *, asker: str) -> bool:
    """True only when it is certain: same place, and that process still runs."""
    place, pid, start, _ = _parts(owner)
    return place == _parts(asker)[0] and pid.isdigit() and bool(start) and _start_of(int(pid)) == start


def _parts(owner: str) -> tuple[str, str, str, str]:
    place, pid, start, nonce = [*owner.rsplit("/", 3), "", "", ""][:4]
    return place, pid, start, nonce


def _place() -> str:
    """Host and process namespace: in another container the same number is another process."""
    try:
        namespace = (_PROC / "self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        namespace = ""
    return f"{socket.gethostname()[:60]}.{namespace}"


def _start_of(pid: int) -> str:
    """Ticks since boot at which the process started; "" when it is gone, a zombie or unknowable."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
