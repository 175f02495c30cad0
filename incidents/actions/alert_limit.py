"""How many events a second a source may send: counted in the events that are kept, so that all processes count
alike, and a flood writes nothing."""

from datetime import datetime, timedelta

from django.db import connection

from incidents.models import AlertEvent, AlertSource

EVENTS, SPAN = 10, timedelta(seconds=1)
_LOCKS = 1_907_001
"""Of PostgreSQL's advisory locks those of sources; SQLite has one writer at a time anyway."""


class TooManyEvents(Exception):
    def __init__(self) -> None:
        super().__init__(f"this source sends more than {EVENTS} events a second")


def check_rate(source: AlertSource, *, now: datetime) -> None:
    """Raises TooManyEvents. A read alone: what a flood is turned away by."""
    recent = AlertEvent.objects.filter(source=source, received_at__gt=now - SPAN)
    if recent.count() >= EVENTS:
        raise TooManyEvents


def take_place(source: AlertSource, *, now: datetime) -> None:
    """The same, exactly: in the transaction that keeps the event, one after the other. The source's row is not
    held for it: whoever takes its events may hold that for longer than an answer may take."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCKS, source.pk])
    check_rate(source, now=now)
