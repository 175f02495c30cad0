"""Planned maintenance as a value, without a table behind it."""

from datetime import datetime, timedelta
from typing import Any

from incidents.models import MaintenanceChange, ServiceStatus
from incidents.queries.maintenance_view import MaintenanceServiceView, MaintenanceUpdateView, MaintenanceView
from tests import make

STARTS = make.jst("2020-09-10 01:00")
ENDS = STARTS + timedelta(hours=2)
TOLD = make.jst("2020-09-04 12:00")


def plan(*states: str, body: str = "設備を更新します。", **values: Any) -> MaintenanceView:
    """Told in these states, the first when it was planned, the others a quarter of an hour apart."""
    given = {
        "id": "abcdef012345",
        "title": "設備更新",
        "state": states[-1],
        "is_emergency": False,
        "scheduled_from": STARTS,
        "scheduled_until": ENDS,
        "started_at": None,
        "ended_at": None,
        "cancelled_at": None,
        "created_at": TOLD,
        "revision": len(states),
        "updates": tuple(_update(number, state, body) for number, state in enumerate(states, 1))[::-1],
        "services": (MaintenanceServiceView("メール送信", "mail", ServiceStatus.MAINTENANCE, "ja", {}),),
        "first_language": "ja",
        "texts": {},
    }
    return MaintenanceView(**{**given, **values})


def _update(number: int, state: str, body: str) -> MaintenanceUpdateView:
    at: datetime = STARTS + timedelta(minutes=15 * (number - 2)) if number > 1 else TOLD
    return MaintenanceUpdateView(
        number=number,
        state=state,
        body=body,
        body_html=f"<p>{body}</p>",
        change=MaintenanceChange.STATE if number > 1 else MaintenanceChange.FIRST,
        scheduled_from=STARTS,
        scheduled_until=ENDS,
        happened_at=at,
        published_at=at,
        first_language="ja",
        texts={},
    )
