"""Hourly mail counts as a customer's mail system pushes them, up to the present hour."""

import json
import urllib.request
from datetime import UTC, datetime, timedelta

from incidents.models import Monitor

USUAL = 4000
FALLEN = 0.4
WEEKS = 4
HOURS_FALLEN = 5
WOBBLE = (1.0, 1.03, 0.98, 1.01, 0.96, 1.04, 0.99)  # seven, so that no hour of the week always has the same


def usual_hours(*, until: datetime) -> list[tuple[datetime, float]]:
    hours = WEEKS * 7 * 24
    return [
        (until - timedelta(hours=hours - n), round(USUAL * WOBBLE[n % len(WOBBLE)]))
        for n in range(1, hours + 1)
    ]


def push_fall(server: str, monitor: Monitor, token: str) -> datetime:
    """Pushes four usual weeks, then each fallen hour; answers the end of the last usual hour."""
    newest = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    fell_at = newest - timedelta(hours=HOURS_FALLEN)
    push(server, monitor, token, usual_hours(until=fell_at))
    for hour in range(1, HOURS_FALLEN + 1):
        push(server, monitor, token, [(fell_at + timedelta(hours=hour), USUAL * FALLEN)])
    return fell_at


def push(server: str, monitor: Monitor, token: str, points: list[tuple[datetime, float]]) -> None:
    batch = {"observations": [{"at": at.isoformat(), "value": value} for at, value in points]}
    request = urllib.request.Request(
        f"{server}/observations/{monitor.public_id}",
        data=json.dumps(batch).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 202
