"""Files that wait for a second click: uploaded, looked through, and taken or forgotten within the hour."""

import re
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

KEPT_SECONDS = 3600
_NAME = re.compile(r"[0-9a-f]{32}")


def keep_file(chunks: Iterable[bytes]) -> str:
    """The name by which it is found again. Only this service's own account can read it."""
    folder = Path(settings.KEPT_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _forget_old(folder)
    name = secrets.token_hex(16)
    path = folder / name
    path.touch(mode=0o600)
    with path.open("wb") as file:
        file.writelines(chunks)
    return name


def find_file(name: str) -> Path | None:
    path = Path(settings.KEPT_DIR) / name if _NAME.fullmatch(name) else None
    return path if path and path.is_file() and not _is_old(path) else None


def forget_file(name: str) -> None:
    path = find_file(name)
    if path is not None:
        path.unlink(missing_ok=True)


def _forget_old(folder: Path) -> None:
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # forgotten by someone else just now
            if _is_old(path):
                path.unlink()


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > KEPT_SECONDS
