"""Claims watches whose check is due, and settles them: a few statements for hundreds of checks.

Only who holds a watch's lease settles it. A pause, or another who took over from somebody held up too long,
takes the lease away, and with it the right to tell what was seen.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from incidents.lib.owner import is_dead
from incidents.models import Watch

# Longer than any check may take.
LEASE_SECONDS = 90
TRIES_UNTIL_PARKED = 3
# After one try that never ended: with so few others that these are soon told from the one at fault.
SUSPECTS_AT_ONCE = 20

_AT = {"postgresql": "clock_timestamp()", "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"}
_UNTIL = {
    "postgresql": f"clock_timestamp() + interval '{LEASE_SECONDS} seconds'",
    "sqlite": f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+{LEASE_SECONDS} seconds')",
}
_FREE = "w.location = %s AND w.next_check_at <= {at} AND (w.lease_until IS NULL OR w.lease_until < {at})"
_CLAIM = """
    WITH due AS MATERIALIZED (
      SELECT w.id FROM incidents_watch w WHERE {free} AND {chosen}
      ORDER BY w.next_check_at LIMIT {wanted} {lock})
    UPDATE incidents_watch SET lease_owner = %s, lease_until = {until}, tries = tries + 1
    WHERE id IN (SELECT id FROM due)
    RETURNING id
"""
_HOLD = """
    SELECT w.id, w.state, w.verdict, m.verdict_at, CASE WHEN m.kind = 'heartbeat' THEN m.state END
    FROM incidents_watch w JOIN incidents_monitor m ON m.id = w.monitor_id
    WHERE w.lease_owner = %s AND w.id IN ({ids}) ORDER BY m.id {lock}
"""
# One row at a time on SQLite, where a statement costs next to nothing; all at once on PostgreSQL, where it is a
# message there and back.
_KEEP_RESULT = {
    "sqlite": """
        INSERT INTO incidents_checkresult (monitor_id, location, at, ok, latency_ms, detail)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
    """,
    "postgresql": """
        INSERT INTO incidents_checkresult (monitor_id, location, at, ok, latency_ms, detail)
        SELECT * FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bool[], %s::float8[], %s::text[])
        ON CONFLICT DO NOTHING
    """,
}
_SETTLE = {
    "sqlite": """
        UPDATE incidents_watch
        SET state = %s, last_result_at = %s, believed_until = %s, is_reached = %s, next_check_at = %s,
            lease_owner = '', lease_until = NULL, tries = 0, last_error = ''
        WHERE id = %s
    """,
    "postgresql": """
        UPDATE incidents_watch w
        SET state = v.state::jsonb, last_result_at = v.seen_at, believed_until = v.believed_until,
            is_reached = v.is_reached, next_check_at = v.next_check_at,
            lease_owner = '', lease_until = NULL, tries = 0, last_error = ''
        FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[], %s::bool[], %s::timestamptz[], %s::bigint[])
             AS v (state, seen_at, believed_until, is_reached, next_check_at, id)
        WHERE w.id = v.id
    """,
}
_TELL_MONITOR = {
    "sqlite": """
        UPDATE incidents_monitor SET last_result_at = %s, rolled_until = min(rolled_until, %s) WHERE id = %s
    """,
    "postgresql": """
        UPDATE incidents_monitor m
        SET last_result_at = v.seen_at, rolled_until = least(m.rolled_until, v.changed_at)
        FROM unnest(%s::timestamptz[], %s::timestamptz[], %s::bigint[]) AS v (seen_at, changed_at, id)
        WHERE m.id = v.id
    """,
}


@dataclass(frozen=True)
class Claim:
    """One check to be made by who claimed it. `state` is the monitor's, with what its checker remembers."""

    watch_id: int
    monitor_id: int
    location: str
    kind: str
    target: str
    settings: dict[str, Any]
    interval_seconds: int
    public_id: UUID
    state: dict[str, Any]
    due_at: datetime
    claimed_at: datetime


@dataclass(frozen=True)
class Held:
    """A watch as it is now, its row and its monitor's held; `pushed` is a heartbeat's state."""

    watch_id: int
    state: dict[str, Any]
    verdict: str
    is_new: bool
    pushed: dict[str, Any]


@dataclass(frozen=True)
class Settled:
    """What a check that changed nothing leaves."""

    watch_id: int
    monitor_id: int
    location: str
    at: datetime
    ok: bool
    latency_ms: float | None
    detail: str
    is_reached: bool
    state: dict[str, Any]
    believed_until: datetime
    next_check_at: datetime


def claim_due(owner: str, location: str, *, wanted: int, now: datetime) -> list[Claim]:
    """Leases what is due there to `owner`, the longest overdue first. `now` is the database's clock."""
    chosen = f"(w.tries = 0 OR w.last_error <> '') AND w.tries < {TRIES_UNTIL_PARKED}"
    return _claim(owner, location, wanted=wanted, now=now, chosen=chosen)


def claim_suspects(owner: str, location: str, *, now: datetime) -> list[Claim]:
    """What was being checked when somebody died over it: a few, and the second time one alone, so that the one
    at fault is found out. The caller has nothing else under way."""
    again = "w.tries = 1 AND w.last_error = ''"
    alone = f"w.tries > 1 AND w.last_error = '' AND w.tries < {TRIES_UNTIL_PARKED}"
    few = _claim(owner, location, wanted=SUSPECTS_AT_ONCE, now=now, chosen=again)
    return few or _claim(owner, location, wanted=1, now=now, chosen=alone)


@transaction.atomic
def _claim(owner: str, location: str, *, wanted: int, now: datetime, chosen: str) -> list[Claim]:
    """IMMEDIATE on SQLite, which has no row locks."""
    vendor = connection.vendor
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    statement = _CLAIM.format(
        free=_FREE.format(at=_AT[vendor]), chosen=chosen, wanted=wanted, lock=lock, until=_UNTIL[vendor]
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [location, owner])
        ids = [row[0] for row in cursor.fetchall()]
    return _load(ids, location, now=now) if ids else []


def _load(ids: Sequence[int], location: str, *, now: datetime) -> list[Claim]:
    of_monitor = ("kind", "target", "settings", "interval_seconds", "public_id", "state")
    names = ("pk", "monitor_id", *(f"monitor__{name}" for name in of_monitor), "next_check_at")
    rows = Watch.objects.filter(pk__in=ids).order_by("next_check_at").values_list(*names)
    return [
        Claim(pk, monitor_id, location, kind, target, given, interval, public_id, state, due_at, now)
        for pk, monitor_id, kind, target, given, interval, public_id, state, due_at in rows
    ]


def worn_out(location: str, *, now: datetime) -> list[tuple[int, str]]:
    """The monitors of watches that were tried too often without an end, and the last error where there was one."""
    over = Watch.objects.filter(location=location, tries__gte=TRIES_UNTIL_PARKED, next_check_at__lte=now)
    free = over.filter(lease_owner="") | over.filter(lease_until__lt=now)
    return list(free.values_list("monitor_id", "last_error"))


def hold(owner: str, claims: Iterable[Claim]) -> dict[int, Held]:
    """Those that `owner` still holds, by the id of the watch, until the transaction ends.

    Rows are taken in the order of the monitors, as everyone does.
    """
    ids = [claim.watch_id for claim in claims]
    lock = "FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""
    statement = _HOLD.format(ids=", ".join(["%s"] * len(ids)), lock=lock)
    with connection.cursor() as cursor:
        cursor.execute(statement, [owner, *ids])
        rows = cursor.fetchall()
    return {
        pk: Held(pk, json.loads(state), verdict, verdict_at is None, json.loads(pushed or "{}"))
        for pk, state, verdict, verdict_at, pushed in rows
    }


def keep_settled(settled: Collection[Settled]) -> None:
    """Keeps results that changed no verdict and frees their watches; the caller holds the rows."""
    adapt = connection.ops.adapt_datetimefield_value
    results, watches, monitors = [], [], []
    for one in settled:
        at = adapt(one.at)
        results.append((one.monitor_id, one.location, at, one.ok, one.latency_ms, one.detail[:300]))
        times = (at, adapt(one.believed_until), one.is_reached, adapt(one.next_check_at))
        watches.append((json.dumps(one.state), *times, one.watch_id))
        monitors.append((at, at, one.monitor_id))
    _write(_KEEP_RESULT, results)
    _write(_SETTLE, watches)
    _write(_TELL_MONITOR, monitors)


def _write(statements: Mapping[str, str], rows: Sequence[tuple[Any, ...]]) -> None:
    statement = statements[connection.vendor]
    with connection.cursor() as cursor:
        if rows and connection.vendor == "postgresql":
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])
        elif rows:
            cursor.executemany(statement, rows)


def let_go(owner: str, next_checks: dict[int, datetime], *, error: str = "") -> None:
    """Frees watches whose check gave no result, until their next one. With an `error` the try counts."""
    for watch_id, next_check_at in next_checks.items():
        held = Watch.objects.filter(pk=watch_id, lease_owner=owner)
        if error:
            held.update(next_check_at=next_check_at, lease_owner="", lease_until=None, last_error=error[:300])
        else:
            held.update(next_check_at=next_check_at, lease_owner="", lease_until=None, tries=0, last_error="")


def give_back(owner: str) -> None:
    """Frees what `owner` still holds as if it had never claimed it."""
    Watch.objects.filter(lease_owner=owner).update(lease_owner="", lease_until=None, tries=F("tries") - 1)


def take_over(asker: str, location: str) -> int:
    """Frees what a process of this machine held that is surely dead; how often it was tried stays."""
    leased = Watch.objects.filter(location=location).exclude(lease_owner="")
    owners = leased.order_by().values_list("lease_owner", flat=True).distinct()
    dead = [owner for owner in owners if is_dead(owner, asker=asker)]
    if not dead:
        return 0
    return Watch.objects.filter(lease_owner__in=dead).update(lease_owner="", lease_until=None)


def bring_forward(location: str, *, since: datetime, now: datetime, limit: int) -> int:
    """Makes due now some watches that were not checked since an instant: whether others can be reached is news
    that cannot wait for their beat."""
    others = Watch.objects.filter(
        location=location, lease_owner="", tries=0, next_check_at__gt=now, last_result_at__lt=since
    )
    ids = list(others.order_by("-last_result_at").values_list("pk", flat=True)[:limit])
    return Watch.objects.filter(pk__in=ids, lease_owner="").update(next_check_at=now) if ids else 0
