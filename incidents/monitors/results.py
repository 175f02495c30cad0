"""What goes into a check and what comes out of it: values, no database."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    UP = "up"
    DOWN = "down"
    UNSTABLE = "unstable"
    LOW = "low"
    HIGH = "high"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class HttpSettings:
    """What an answer must be like to pass; `None` asks nothing."""

    method: str = "GET"
    expected_statuses: frozenset[int] = frozenset(range(200, 300))
    keyword: str = ""
    keyword_absent: bool = False
    certificate_days: int | None = None
    total_ms: int = 10_000
    connect_ms: int = 5_000


@dataclass(frozen=True)
class HeartbeatSettings:
    period_seconds: int = 3600
    grace_seconds: int = 300


@dataclass(frozen=True)
class Probe:
    """One check to make. `kind` names the checker that takes it."""

    kind: str
    target: str
    http: HttpSettings = HttpSettings()


@dataclass(frozen=True)
class Result:
    """One check made. `detail` is for staff alone: it may quote what the target said.

    Where the target was not `is_reached` nothing answered: the fault may lie on the way, or with us.
    """

    at: datetime
    ok: bool
    latency_ms: float | None = None
    detail: str = ""
    is_reached: bool = True
