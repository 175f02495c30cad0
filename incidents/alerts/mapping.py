"""How the JSON of any other system is read: where in it each part of an alert stands, as staff set it up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import MOST_ALERTS, Heard
from incidents.lib.errors import Refused
from incidents.lib.json_paths import check_path, values_at

MOST_WORDS, LONGEST_WORD = 20, 100


@dataclass(frozen=True)
class JsonMapping:
    """Paths are JSON paths from an alert; `each` is one from the payload to its alerts, empty where it is one alert.

    What stands at `state` is compared with the words of `firing` and `resolved`, in any case; any other changes
    nothing. Empty paths are not looked for.
    """

    key: str
    state: str
    firing: tuple[str, ...]
    resolved: tuple[str, ...]
    title: str = ""
    severity: str = ""
    time: str = ""
    each: str = ""
    labels: Mapping[str, str] | None = None


PRESETS: Mapping[str, JsonMapping] = {
    "datadog": JsonMapping(
        key="$.key",
        state="$.transition",
        firing=("Triggered", "Re-Triggered", "Warn", "Re-Warn"),
        resolved=("Recovered",),
        title="$.title",
        severity="$.priority",
        time="$.at",
        labels={"scope": "$.scope", "tags": "$.tags"},
    ),
    "uptimerobot": JsonMapping(
        key="$.monitorID",
        state="$.alertType",
        firing=("1",),
        resolved=("2",),
        title="$.monitorFriendlyName",
        time="$.alertDateTime",
        labels={"name": "$.monitorFriendlyName", "url": "$.monitorURL"},
    ),
    "zabbix": JsonMapping(
        key="$.event_id",
        state="$.value",
        firing=("1",),
        resolved=("0",),
        title="$.name",
        severity="$.severity",
        time="$.at",
        labels={"host": "$.host"},
    ),
    "nagios": JsonMapping(
        key="$.key",
        state="$.type",
        firing=("PROBLEM", "FLAPPINGSTART"),
        resolved=("RECOVERY", "FLAPPINGSTOP"),
        title="$.output",
        severity="$.state",
        time="$.at",
        labels={"host": "$.host", "service": "$.service"},
    ),
}
"""For the bodies that docs/alerts.md asks to be set up in each."""


def to_stored(mapping: JsonMapping) -> dict[str, Any]:
    """As a source keeps it, and `read_mapping` takes it."""
    kept = {**vars(mapping), "firing": list(mapping.firing), "resolved": list(mapping.resolved)}
    return {**kept, "labels": dict(mapping.labels or {})}


def read_by(mapping: JsonMapping, payload: Any) -> list[Heard]:
    """Refused where a key or a state is not where it should be, naming the path."""
    alerts = values_at(mapping.each, payload) if mapping.each else [payload]
    if len(alerts) > MOST_ALERTS:
        raise Refused(f"expected at most {MOST_ALERTS} alerts", field=mapping.each)
    heard = (_heard(mapping, alert) for alert in alerts)
    return [one for one in heard if one is not None]


def _heard(mapping: JsonMapping, alert: Any) -> Heard | None:
    state = _must(alert, mapping.state).lower()
    if state not in (word.lower() for word in mapping.firing + mapping.resolved):
        return None
    at = _first(alert, mapping.time)
    return Heard(
        key=_must(alert, mapping.key),
        firing=state in (word.lower() for word in mapping.firing),
        title=fields.text(_first(alert, mapping.title)),
        severity=fields.severity(_first(alert, mapping.severity)),
        at=fields.instant(at) or fields.epoch(at),
        labels=fields.labels({name: _first(alert, path) for name, path in (mapping.labels or {}).items()}),
    )


def _first(alert: Any, path: str) -> Any:
    return next(iter(values_at(path, alert)), None) if path else None


def _must(alert: Any, path: str) -> str:
    return fields.word({"": _first(alert, path)}, "", of=path)


def read_mapping(stored: Any) -> JsonMapping:
    """Refused names the field of a mapping that could not be used."""
    if not isinstance(stored, Mapping):
        raise Refused("expected where each part of an alert stands", field="mapping")
    paths = {name: _path(stored, name) for name in ("key", "state", "title", "severity", "time", "each")}
    for name in ("key", "state"):
        if not paths[name]:
            raise Refused("expected a JSON path such as $.alert.id", field=name)
    labels = stored.get("labels") or {}
    if not isinstance(labels, Mapping) or len(labels) > MOST_WORDS:
        raise Refused(f"expected at most {MOST_WORDS} labels, each with a JSON path", field="labels")
    return JsonMapping(
        **paths,
        firing=_words(stored, "firing"),
        resolved=_words(stored, "resolved"),
        labels={str(name): _path(labels, name, field=f"labels.{name}") for name in labels},
    )


def _path(stored: Mapping[str, Any], name: str, *, field: str = "") -> str:
    path = stored.get(name) or ""
    if not isinstance(path, str):
        raise Refused("expected a JSON path", field=field or name)
    if path:
        check_path(path, field=field or name)
    return path


def _words(stored: Mapping[str, Any], name: str) -> tuple[str, ...]:
    words = stored.get(name)
    is_list = isinstance(words, list | tuple) and 0 < len(words) <= MOST_WORDS
    if not is_list or not all(
        isinstance(word, str) and 0 < len(word) <= LONGEST_WORD for word in words or ()
    ):
        raise Refused("expected the words that stand there, such as firing", field=name)
    return tuple(words or ())
