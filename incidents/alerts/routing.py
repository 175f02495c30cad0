"""Which service an alert concerns and how severe it is: the first rule whose conditions all hold decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from incidents.alerts.heard import Heard
from incidents.lib.errors import Refused

HOW = ("is", "begins", "matches")
MOST_RULES, MOST_CONDITIONS, LONGEST_PATTERN = 100, 10, 200
_CHOICES = {"severity": ("", "minor", "major", "critical")}


@dataclass(frozen=True)
class Condition:
    """Of a label, or of the title where `label` is "title" and there is no such label."""

    label: str
    how: str
    value: str

    def holds(self, heard: Heard) -> bool:
        said = heard.labels.get(self.label, heard.title if self.label == "title" else None)
        if said is None:
            return False
        if self.how == "is":
            return said == self.value
        if self.how == "begins":
            return said.startswith(self.value)
        return bool(re2.search(self.value, said))


@dataclass(frozen=True)
class Rule:
    """`service` is a slug; empty lets the alert go. `severity` empty keeps the sender's."""

    conditions: tuple[Condition, ...]
    service: str
    severity: str = ""


@dataclass(frozen=True)
class Route:
    """`rule` counts from 1; 0 where none held and the source's own service is meant."""

    service: str
    severity: str
    rule: int = 0


def route(heard: Heard, rules: Sequence[Rule], *, default: str = "") -> Route:
    """Where an alert goes; with an empty `service` nowhere."""
    for number, rule in enumerate(rules, start=1):
        if all(condition.holds(heard) for condition in rule.conditions):
            return Route(rule.service, rule.severity or heard.severity, number)
    return Route(default, heard.severity)


def read_rules(stored: Any) -> list[Rule]:
    """Refused names the rule and what was expected."""
    if not isinstance(stored, list) or len(stored) > MOST_RULES:
        raise Refused(f"expected a list of at most {MOST_RULES} rules", field="rules")
    return [_read_rule(given, f"rules[{index}]") for index, given in enumerate(stored)]


def _read_rule(given: Any, where: str) -> Rule:
    if not isinstance(given, Mapping):
        raise Refused("expected conditions, a service and a severity", field=where)
    listed = given.get("conditions")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_CONDITIONS:
        raise Refused(f"expected 1 to {MOST_CONDITIONS} conditions", field=f"{where}.conditions")
    severity, service = given.get("severity", ""), given.get("service", "")
    if severity not in _CHOICES["severity"]:
        raise Refused("expected minor, major, critical or nothing", field=f"{where}.severity")
    if not isinstance(service, str):
        raise Refused("expected the slug of a service or nothing", field=f"{where}.service")
    conditions = (_read_condition(one, f"{where}.conditions[{at}]") for at, one in enumerate(listed))
    return Rule(tuple(conditions), service, severity)


def _read_condition(given: Any, where: str) -> Condition:
    if not isinstance(given, Mapping):
        raise Refused("expected a label, how it is compared, and a value", field=where)
    label, how, value = (given.get(name) for name in ("label", "how", "value"))
    if not isinstance(label, str) or not label:
        raise Refused("expected the name of a label", field=f"{where}.label")
    if how not in HOW:
        raise Refused(f"expected one of {', '.join(HOW)}", field=f"{where}.how")
    if not isinstance(value, str) or not value or len(value) > LONGEST_PATTERN:
        raise Refused(f"expected a text of 1 to {LONGEST_PATTERN} characters", field=f"{where}.value")
    if how == "matches":
        _check_pattern(value, where)
    return Condition(label, how, value)


def _check_pattern(value: str, where: str) -> None:
    try:
        re2.compile(value)
    except re2.error as error:
        raise Refused(f"not a regular expression: {error}", field=f"{where}.value") from None
