"""What goes into a check and what comes out of it: values, no database."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

log = logging.getLogger(__name__)


class Verdict(StrEnum):
    UP = "up"
    DOWN = "down"
    UNSTABLE = "unstable"
    LOW = "low"
    HIGH = "high"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Probe:
    """One check to make: `settings` are those that the checker of this `kind` has read."""

    kind: str
    target: str
    settings: Any


@dataclass(frozen=True)
class Result:
    """One check made. `detail` is for staff alone: it may quote what the target said.

    `memory` is what the checker is to be given at the monitor's next check; None leaves it as it was. Until a
    result `is_final` there is nothing to keep or to judge yet, only something to remember.
    """

    at: datetime
    ok: bool
    latency_ms: float | None = None
    detail: str = ""
    memory: Mapping[str, Any] | None = None
    is_final: bool = True


def broken(at: datetime, error: Exception) -> Result:
    """Stands in for the result of a check whose checker raised: it fails by itself and spoils no other."""
    log.error("a check broke", exc_info=error)
    return Result(at, ok=False, detail=f"the check itself broke: {type(error).__name__}: {error}")
