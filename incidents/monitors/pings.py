"""What a heartbeat monitor knows of its job, kept in the monitor's state."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from incidents.lib.errors import Refused
from incidents.models import Monitor
from incidents.monitors.checkers.heartbeat import Pings

FAILED = 1
LARGEST_STATUS = 255


def pings_of(monitor: Monitor) -> Pings:
    return pings_from(monitor.state)


def pings_from(state: Mapping[str, Any]) -> Pings:
    stored = state.get("pings", {})
    return Pings(
        last_at=_instant(stored.get("last_at")),
        exit_status=stored.get("exit_status", 0),
        started_at=_instant(stored.get("started_at")),
    )


def with_event(pings: Pings, event: str, *, at: datetime) -> Pings:
    """The pings after one more; `event` is what stands behind the address: "", start, fail, an exit status."""
    if event == "start":
        return replace(pings, started_at=at)
    if event == "fail":
        return Pings(last_at=at, exit_status=FAILED)
    if event and not (re.fullmatch("[0-9]{1,3}", event) and int(event) <= LARGEST_STATUS):
        raise Refused(f"expected start, fail or an exit status from 0 to {LARGEST_STATUS}", field="event")
    return Pings(last_at=at, exit_status=int(event or 0))


def to_json(pings: Pings) -> dict[str, Any]:
    return {
        "last_at": pings.last_at and pings.last_at.isoformat(),
        "exit_status": pings.exit_status,
        "started_at": pings.started_at and pings.started_at.isoformat(),
    }


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
