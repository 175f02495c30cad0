"""Reads fields of payloads that may hold anything."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from incidents.alerts.heard import LONGEST_KEY, LONGEST_LABEL, LONGEST_TITLE, MOST_ALERTS, MOST_LABELS
from incidents.lib.errors import Refused

SEVERITIES = {
    "critical": "critical",
    "high": "critical",
    "disaster": "critical",
    "page": "critical",
    "p1": "critical",
    "major": "major",
    "error": "major",
    "average": "major",
    "p2": "major",
    "warning": "minor",
    "warn": "minor",
    "minor": "minor",
    "low": "minor",
    "info": "minor",
    "p3": "minor",
}
"""What senders call it, as a severity of ours."""


def obj(payload: Any, name: str = "") -> Mapping[str, Any]:
    """The object named, or `payload` itself."""
    value = payload.get(name) if name else payload
    if not isinstance(value, Mapping):
        raise Refused("expected a JSON object", field=name)
    return value


def objects(payload: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    listed = payload.get(name)
    if not isinstance(listed, list):
        raise Refused("expected a list", field=name)
    if len(listed) > MOST_ALERTS:
        raise Refused(f"expected at most {MOST_ALERTS} alerts", field=name)
    for index, item in enumerate(listed):
        if not isinstance(item, Mapping):
            raise Refused("expected a JSON object", field=f"{name}[{index}]")
        yield item


def word(payload: Mapping[str, Any], name: str, *, of: str = "") -> str:
    """A text or number that must be there; `of` names its object in the error."""
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise Refused("expected a text or a number", field=f"{of}{name}")
    return str(value)[:LONGEST_KEY]


def text(value: Any, *, longest: int = LONGEST_TITLE) -> str:
    """A text of one line, empty for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return "".join(char if char.isprintable() else " " for char in str(value))[:longest].strip()


def severity(value: Any) -> str:
    return SEVERITIES.get(text(value).lower(), "")


def labels(*sources: Any) -> dict[str, str]:
    """Of JSON objects, the later over the earlier; what is neither text nor number is left out."""
    found: dict[str, str] = {}
    for source in sources:
        for name, value in source.items() if isinstance(source, Mapping) else ():
            said = text(value, longest=LONGEST_LABEL)
            if said and len(found) < MOST_LABELS:
                found[str(name)[:LONGEST_LABEL]] = said
    return found


def instant(value: Any) -> datetime | None:
    """ISO 8601 with any number of digits after the point, in UTC where it names no zone; None for what is none,
    and for the year 1, which says that there is no end yet."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at.astimezone(UTC) if at.year > 1 else None
    except (ValueError, OverflowError):
        return None


def epoch(value: Any) -> datetime | None:
    """Seconds since 1970, as a number or its text."""
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
