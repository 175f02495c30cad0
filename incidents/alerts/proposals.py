"""What a pasted sample suggests: where in it each part of an alert may stand. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from incidents.alerts import fields
from incidents.lib.errors import Refused
from incidents.lib.json_paths import check_path, values_at

MOST_FOUND, MOST_PROPOSED = 200, 5
LONGEST_SHOWN = 120
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(r"pass|secret|token|api_?key|authorization|credential|cookie", re.IGNORECASE)

NAMES: Mapping[str, Sequence[str]] = {
    "key": (
        *("dedupkey", "fingerprint", "incidentkey", "alertkey", "key", "incidentid", "alertid", "eventid"),
        *("problemid", "monitorid", "checkid", "id", "uuid", "code"),
    ),
    "state": (
        *("state", "status", "transition", "newstate", "currentstate", "alerttype", "alertstatus"),
        *("eventtype", "action", "type", "event", "value"),
    ),
    "title": (
        *("title", "summary", "subject", "alertname", "name", "monitorfriendlyname", "message", "text"),
        *("description", "output"),
    ),
    "severity": ("severity", "priority", "level", "urgency"),
    "time": (
        *("startedat", "startsat", "occurredat", "statechangetime", "timestamp", "time", "datetime", "date"),
        *("alertdatetime", "createdat", "at"),
    ),
    "labels": (
        *(
            "host",
            "hostname",
            "service",
            "servicename",
            "url",
            "region",
            "environment",
            "env",
            "group",
            "team",
        ),
        *("project", "check", "monitor", "scope", "tags"),
    ),
}
"""What the members of such payloads are called, the likeliest first: lower case, without _ and -."""

PAIRS = (
    ("firing", "resolved"),
    ("alerting", "ok"),
    ("triggered", "recovered"),
    ("triggered", "resolved"),
    ("problem", "recovery"),
    ("down", "up"),
    ("alarm", "ok"),
    ("alert", "ok"),
    ("critical", "ok"),
    ("error", "ok"),
    ("failed", "passed"),
    ("open", "closed"),
    ("active", "inactive"),
    ("1", "0"),
)
"""What senders say while an alert holds and when it is over."""


@dataclass(frozen=True)
class Found:
    """A text or number of a sample, and its path."""

    path: str
    value: Any

    @property
    def name(self) -> str:
        last = re.findall(r"[A-Za-z0-9_-]+", re.sub(r"\[\d+\]", "", self.path))
        return str(last[-1]) if last else ""

    @property
    def shown(self) -> str:
        """The value for a person's eyes: none that may be a secret."""
        said = fields.text(self.value, longest=LONGEST_SHOWN + 1)
        if said and _SECRET.search(self.path):
            return "•••"
        return said if len(said) <= LONGEST_SHOWN else f"{said[:LONGEST_SHOWN]}…"


def find_all(alert: Any) -> list[Found]:
    """The texts and numbers of an alert in their order; of a list its first element alone."""
    found = (Found(path, value) for path, value in _walk(alert, "$"))
    kept: list[Found] = []
    for one in found:
        if _is_path(one.path):
            kept.append(one)
        if len(kept) == MOST_FOUND:
            break
    return kept


def lists_in(payload: Any) -> list[str]:
    """Paths to what may be the alerts of a payload: lists of objects near its top."""
    if _is_list_of_objects(payload):
        return ["$[*]"]
    members = payload.items() if isinstance(payload, Mapping) else ()
    paths = [
        f"$.{name}[*]" for name, value in members if _PLAIN.fullmatch(name) and _is_list_of_objects(value)
    ]
    return paths[:MOST_PROPOSED]


def first_alert(payload: Any, each: str) -> Any:
    """The alert by which a sample is looked at; the payload itself where `each` finds none."""
    try:
        check_path(each, field="each")
        return next(iter(values_at(each, payload)), payload)
    except ValueError:
        return payload


def propose(part: str, found: Sequence[Found]) -> list[Found]:
    """The likeliest places first."""
    ranked = sorted(
        (
            (rank, one.path.count("."), at, one)
            for at, one in enumerate(found)
            if (rank := _rank(part, one)) >= 0
        ),
        key=lambda row: row[:3],
    )
    return [one for _rank_, _depth, _at, one in ranked[:MOST_PROPOSED]]


def propose_words(value: Any) -> tuple[str, str]:
    """The word while an alert holds and the word when it is over, by one of them; empty for one never heard."""
    said = fields.text(value)
    for firing, resolved in PAIRS:
        if said.lower() == firing:
            return said, _like(resolved, said)
        if said.lower() == resolved:
            return _like(firing, said), said
    return "", ""


def _like(word: str, other: str) -> str:
    return word.upper() if other.isupper() else word


def _rank(part: str, found: Found) -> int:
    """-1 where it cannot be that part."""
    name = found.name.lower().replace("_", "").replace("-", "")
    names = NAMES[part]
    if _SECRET.search(found.path) or (part == "time" and not _is_instant(found.value)):
        return -1
    if part == "state" and any(propose_words(found.value)) and (name in names or not _is_number(found.value)):
        return names.index(name) if name in names else len(names)
    if part == "key" and name not in names and name.endswith("id"):
        return len(names)
    return names.index(name) + (50 if part == "state" else 0) if name in names else -1


def _is_number(value: Any) -> bool:
    return str(value).isdigit()


def _is_instant(value: Any) -> bool:
    if fields.instant(value):
        return True
    at = fields.epoch(value)
    return at is not None and 2000 < at.year < 2100


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            step = f".{name}" if _PLAIN.fullmatch(name) else f"[{_quoted(name)}]"
            yield from _walk(inner, path + step)
    elif isinstance(value, list):
        if value:
            yield from _walk(value[0], f"{path}[0]")
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
        yield path, value


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _is_path(path: str) -> bool:
    try:
        check_path(path, field="")
    except Refused:
        return False
    return True


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)
