"""The rules of a source as they are typed: rows that are moved, added and checked without being kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from incidents.alerts.routing import MOST_CONDITIONS, MOST_RULES, Rule, read_rules
from incidents.console.refusals import sentence_of
from incidents.lib.errors import Refused

MOST_FIELDS = 950
"""Django takes a thousand fields in one form."""
LET_GO = "-"
"""In the form; an empty choice is none yet, so that no alert is let go by oversight."""


@dataclass
class ConditionRow:
    label: str = ""
    how: str = "is"
    value: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        return not self.label and not self.value

    def stored(self) -> dict[str, str]:
        return {"label": self.label, "how": self.how, "value": self.value}


@dataclass
class RuleRow:
    conditions: list[ConditionRow] = field(default_factory=lambda: [ConditionRow()])
    service: str = ""
    severity: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        return not self.service and not self.severity and not self.written

    @property
    def written(self) -> list[ConditionRow]:
        return [one for one in self.conditions if not one.is_blank]

    @property
    def is_full(self) -> bool:
        return len(self.conditions) >= MOST_CONDITIONS

    def stored(self) -> dict[str, Any]:
        return {
            "conditions": [one.stored() for one in self.written],
            "service": "" if self.service == LET_GO else self.service,
            "severity": self.severity,
        }


class RulesForm:
    def __init__(self, rows: Sequence[RuleRow], *, services: Mapping[str, str]) -> None:
        """`services`: names by slugs, of those that may be chosen."""
        self.rows = list(rows)
        self.services = services

    @classmethod
    def of(cls, stored: Sequence[Mapping[str, Any]], *, services: Mapping[str, str]) -> "RulesForm":
        rows = [
            RuleRow(
                [ConditionRow(**condition) for condition in rule["conditions"]],
                rule["service"] or LET_GO,
                rule.get("severity", ""),
            )
            for rule in stored
        ]
        return cls(rows or [RuleRow()], services=services)

    @classmethod
    def sent(cls, data: Mapping[str, str], *, services: Mapping[str, str]) -> "RulesForm":
        rules = range(_count(data, "rules", most=MOST_RULES))
        return cls([_row(data, at) for at in rules], services=services)

    @property
    def errors(self) -> bool:
        return any(row.errors or any(one.errors for one in row.conditions) for row in self.rows)

    @property
    def is_full(self) -> bool:
        """Whether neither a rule nor a condition can be added."""
        fields = sum(3 + 3 * len(row.conditions) for row in self.rows)
        return len(self.rows) >= MOST_RULES or fields > MOST_FIELDS

    def apply(self, do: str) -> None:
        """What a button asks for: `add`, or `up`, `down`, `remove`, `condition` and the number of a rule."""
        verb, _space, number = do.partition(" ")
        at = int(number) - 1 if number.isascii() and number.isdecimal() else -1
        if verb == "add" and not self.is_full:
            self.rows.append(RuleRow())
        if not 0 <= at < len(self.rows):
            return
        if verb == "remove":
            del self.rows[at]
        elif verb == "condition" and not self.is_full and not self.rows[at].is_full:
            self.rows[at].conditions.append(ConditionRow())
        elif verb in ("up", "down"):
            to = max(at - 1, 0) if verb == "up" else min(at + 1, len(self.rows) - 1)
            self.rows.insert(to, self.rows.pop(at))

    def stored(self) -> list[dict[str, Any]]:
        return [row.stored() for row in self.rows if not row.is_blank]

    def check(self) -> list[Rule] | None:
        """The rules; None where some field is wrong, which then says so."""
        for row in self.rows:
            if not row.is_blank:
                self._check_row(row)
        return None if self.errors else read_rules(self.stored())

    def forget_errors(self) -> None:
        for row in self.rows:
            row.errors.clear()
            for one in row.conditions:
                one.errors.clear()

    def _check_row(self, row: RuleRow) -> None:
        if not row.written:
            row.errors["conditions"] = gettext("Name at least one condition.")
        if not row.service:
            row.errors["service"] = gettext("Choose where these alerts go.")
        elif row.service != LET_GO and row.service not in self.services:
            row.errors["service"] = gettext("There is no service %(name)s.") % {"name": row.service}
        for one in row.written:
            try:
                read_rules([{**row.stored(), "conditions": [one.stored()]}])
            except Refused as refused:
                of, _dot, name = refused.field.rpartition(".")
                (one.errors if "conditions" in of else row.errors)[name] = sentence_of(refused)


def _row(data: Mapping[str, str], at: int) -> RuleRow:
    conditions = [
        ConditionRow(
            data.get(f"label_{at}_{n}", "").strip(),
            data.get(f"how_{at}_{n}", ""),
            data.get(f"value_{at}_{n}", "").strip(),
        )
        for n in range(_count(data, f"conditions_{at}", most=MOST_CONDITIONS))
    ]
    return RuleRow(
        conditions or [ConditionRow()], data.get(f"service_{at}", ""), data.get(f"severity_{at}", "")
    )


def _count(data: Mapping[str, str], name: str, *, most: int) -> int:
    given = data.get(name, "")
    return min(int(given), most) if given.isascii() and given.isdecimal() and len(given) < 5 else 0
