"""How a sender's database connection differs from everybody else's."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import DatabaseError, connection

_POSTGRESQL = {
    "synchronous_commit": "off",
    "enable_seqscan": "off",
    "enable_sort": "off",
    "enable_bitmapscan": "off",
}
_prepares = threading.Event()
_prepares.set()
"""Not behind a pooler that hands each transaction to another server session, which knows nothing of it."""

_POSTGRESQL_BEGIN = "; ".join(f"SET {name} = {value}" for name, value in _POSTGRESQL.items())
_POSTGRESQL_END = "; ".join(f"RESET {name}" for name in _POSTGRESQL)


@contextmanager
def sender_session() -> Iterator[None]:
    """Commits that do not wait for the disk: a killed process loses nothing, a power cut may repeat a mail.

    On PostgreSQL also claims by the index of due rows, whatever the statistics say: just after a large
    fan-out they say that nothing waits, and a plan made for that sorts everything that does.
    """
    is_postgresql = connection.vendor == "postgresql"
    if not is_postgresql and connection.in_atomic_block:
        yield  # SQLite does not change this inside a transaction
        return
    _execute(_POSTGRESQL_BEGIN if is_postgresql else "PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        with suppress(DatabaseError):
            _execute(_POSTGRESQL_END if is_postgresql else "PRAGMA synchronous = FULL")


def execute_often(sql: str, params: Sequence[Any]) -> int:
    """A statement for thousands of rows, which PostgreSQL plans once a connection; answers how many it changed."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return int(cursor.rowcount)
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw = connection.connection
        raw.prepare_threshold = 0 if _prepares.is_set() else None  # None, which is Django's, forbids it
        try:
            return _changed(raw, sql, params)
        except (psycopg.errors.InvalidSqlStatementName, psycopg.errors.DuplicatePreparedStatement):
            _prepares.clear()
            raw.prepare_threshold = None
            return _changed(raw, sql, params)


def _changed(raw: psycopg.Connection[Any], sql: str, params: Sequence[Any]) -> int:
    with psycopg.Cursor(raw) as cursor:
        return int(cursor.execute(sql, params, prepare=True).rowcount)


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
