"""Commits that do not wait for the disk."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connection

_HURRIED = {"postgresql": "SET synchronous_commit = off", "sqlite": "PRAGMA synchronous = NORMAL"}
_USUAL = {"postgresql": "RESET synchronous_commit", "sqlite": "PRAGMA synchronous = FULL"}


@contextmanager
def not_waiting_for_disk() -> Iterator[None]:
    """Inside, a killed process loses nothing, and a power cut what was committed in the last moments, as a whole."""
    if connection.vendor == "sqlite" and connection.in_atomic_block:
        yield  # SQLite does not change this inside a transaction
        return
    _execute(_HURRIED)
    try:
        yield
    finally:
        with suppress(DatabaseError):
            _execute(_USUAL)


def _execute(statements: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements[connection.vendor])
