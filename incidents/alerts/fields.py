"""Reads fields of payloads that may hold anything."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from incidents.alerts.heard import LONGEST_KEY, LONGEST_LABEL, LONGEST_TITLE, MOST_ALERTS, MOST_LABELS
from incidents.lib.errors import Refused
from incidents.lib.redacting import names_a_secret, without_secrets

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
    "information": "minor",
    "p3": "minor",
    "p4": "minor",
    "p5": "minor",
}
"""What senders call it, as a severity of ours."""

MOST_READ = 2_000
"""Characters of a text that are looked at."""

_UNITS, _LAST_SECOND = (1, 1e3, 1e6, 1e9), 1e11


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
    return key(_printable(str(value)))


def key(said: str) -> str:
    """A sender's name for something, short enough to be kept, and still its own."""
    said = without_secrets(said)
    if len(said) <= LONGEST_KEY:
        return said
    digest = hashlib.sha256(said.encode()).hexdigest()
    return said[: LONGEST_KEY - len(digest)] + digest


def text(value: Any, *, longest: int = LONGEST_TITLE) -> str:
    """A text of one line without secrets, empty for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return without_secrets(_printable(str(value)[:MOST_READ]))[:longest].strip()


def _printable(said: str) -> str:
    """Without what a database refuses and what moves a terminal's cursor."""
    return "".join(char if char.isprintable() else " " for char in said)


def severity(value: Any) -> str:
    return SEVERITIES.get(text(value).lower(), "")


def labels(*sources: Any) -> dict[str, str]:
    """Of JSON objects, the later over the earlier; what is neither text nor number, or is named as a secret, is
    left out."""
    found: dict[str, str] = {}
    for source in sources:
        for given, value in source.items() if isinstance(source, Mapping) else ():
            name, said = text(given, longest=LONGEST_LABEL), text(value, longest=LONGEST_LABEL)
            if said and len(found) < MOST_LABELS and not names_a_secret(name):
                found[name] = said
    return found


def place(value: Any) -> str:
    """An address without what may be secret in it: user, password, query."""
    scheme, _, rest = text(value, longest=MOST_READ).partition("://")
    plain = re.split(r"[?#]", rest)[0]
    return f"{scheme}://{plain.rpartition('@')[2]}"[:LONGEST_LABEL] if rest else ""


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
    """Seconds since 1970, or thousandths, millionths or billionths of them, as a number or its text."""
    try:
        seconds = next(float(value) / unit for unit in _UNITS if float(value) / unit < _LAST_SECOND)
        return datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError, StopIteration):
        return None
