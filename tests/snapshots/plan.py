"""Planned maintenance without a table behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import ServiceStatus
from tests import make

STARTS = make.jst("2020-09-10 01:00")
TOLD = make.jst("2020-09-04 12:00")


@dataclass(frozen=True)
class Hit:
    service: str = "メール送信"
    slug: str = "mail"
    status: ServiceStatus = ServiceStatus.MAINTENANCE


@dataclass(frozen=True)
class PlanUpdate:
    number: int
    state: str
    happened_at: datetime
    body: str = "設備を更新します。"

    @property
    def body_html(self) -> str:
        return f"<p>{self.body}</p>"

    @property
    def state_label(self) -> str:
        return self.state

    @property
    def published_at(self) -> datetime:
        return self.happened_at


@dataclass(frozen=True)
class Plan:
    """`updates` newest first."""

    updates: Sequence[PlanUpdate]
    id: str = "abcdef012345"
    title: str = "設備更新"
    scheduled_from: datetime = STARTS
    scheduled_until: datetime = STARTS + timedelta(hours=2)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    created_at: datetime = TOLD
    revision: int = 1
    services: Sequence[Hit] = (Hit(),)

    @property
    def state(self) -> str:
        return self.updates[0].state


def plan(*states: str, body: str = "設備を更新します。", **values: object) -> Plan:
    """Told in these states, the first when it was planned, the others a quarter of an hour apart."""
    steps = [
        PlanUpdate(number, state, STARTS + timedelta(minutes=15 * (number - 2)) if number > 1 else TOLD, body)
        for number, state in enumerate(states, start=1)
    ]
    return Plan(steps[::-1], revision=len(steps), **values)  # type: ignore[arg-type]
