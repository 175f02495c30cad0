"""Takes typed fields out of a TOML table; what does not fit is refused by its name."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any, TypeVar

from incidents.lib.errors import Refused

T = TypeVar("T")


class Table:
    """One table; `where` is its name in the file, such as `updates[3]`."""

    def __init__(self, data: dict[str, Any], where: str) -> None:
        self._data = data
        self._where = where
        self._taken: set[str] = set()

    def has(self, name: str) -> bool:
        return name in self._data

    def refusal(self, name: str, expected: str) -> Refused:
        return Refused(f"expected {expected}", field=self._field(name))

    def text(self, name: str, *, default: str | None = None) -> str:
        if default is not None and not self.has(name):
            return default
        value: str = self._take(name, str, "a text")
        if not value.strip() and default is None:
            raise self.refusal(name, "a text that is not empty")
        return value.strip()

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def matching(self, name: str, pattern: str, expected: str) -> str:
        value = self.text(name)
        if not re.fullmatch(pattern, value):
            raise self.refusal(name, f"{expected}, not {value!r}")
        return value

    def choice(self, name: str, options: Sequence[str], *, default: str | None = None) -> str:
        value = self.text(name, default=default)
        if value not in options:
            raise self.refusal(name, f"one of {', '.join(options)}, not {value!r}")
        return value

    def texts(
        self, name: str, *, default: tuple[str, ...], choices: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        if not self.has(name):
            return default
        values = self._take(name, list, "a list of texts")
        for value in values:
            if not isinstance(value, str) or (choices is not None and value not in choices):
                raise self.refusal(name, f"a list of {', '.join(choices) if choices else 'texts'}")
        return tuple(values)

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self._take(name, bool, "true or false")) if self.has(name) else default

    def whole(self, name: str, *, at_least: int) -> int:
        value = self._take(name, int, "a whole number")
        if isinstance(value, bool) or value < at_least:
            raise self.refusal(name, f"a whole number of at least {at_least}")
        return int(value)

    def number(self, name: str) -> float:
        return self._finite(name, self._take(name, (int, float), "a finite number"))

    def numbers(self, name: str) -> list[float]:
        values = self._take(name, list, "a list of numbers")
        if not values:
            raise self.refusal(name, "at least one number")
        return [self._finite(f"{name}[{index}]", value) for index, value in enumerate(values)]

    def wholes(self, name: str) -> list[int]:
        """Numbers of things: none below 0."""
        values = self._take(name, list, "a list of whole numbers")
        if not values or not all(type(value) is int and value >= 0 for value in values):
            raise self.refusal(name, "at least one whole number, and none below 0")
        return list(values)

    def instant(self, name: str) -> datetime:
        expected = "an instant with its offset, such as 2020-09-04T12:46:00+09:00"
        value: datetime = self._take(name, datetime, expected)
        if value.tzinfo is None:
            raise self.refusal(name, expected)
        return value

    def optional_instant(self, name: str) -> datetime | None:
        return self.instant(name) if self.has(name) else None

    def address(self, name: str) -> str:
        value = self.text(name)
        try:
            return str(ip_address(value))
        except ValueError as error:
            raise self.refusal(name, f"an IPv4 or IPv6 address, not {value!r}") from error

    def mapping(self, name: str, options: Sequence[str]) -> dict[str, str] | None:
        """A table of texts from `options`, or None where there is none."""
        if not self.has(name):
            return None
        inner = self.table(name)
        return {key: inner.choice(key, options) for key in inner._data}

    def keyed(self, name: str, read: "Callable[[Table, str], T]") -> dict[str, T]:
        """A table whose keys are free: what `read` takes out of it for each; nothing where there is none."""
        if not self.has(name):
            return {}
        inner = self.table(name)
        return {key: read(inner, key) for key in inner._data}

    def free(self, name: str) -> dict[str, Any]:
        """A table whose fields someone else knows."""
        return dict(self._take(name, dict, "a table")) if self.has(name) else {}

    def table(self, name: str) -> "Table":
        return Table(self._take(name, dict, f"a table [{self._field(name)}]"), self._field(name))

    def rows(self, name: str, read: "Callable[[Table], T]", *, at_least: int = 0) -> tuple[T, ...]:
        values = self._take(name, list, f"tables [[{name}]]") if self.has(name) else []
        if len(values) < at_least:
            raise self.refusal(name, f"at least {at_least} of [[{name}]]")
        return tuple(read(self._row(name, index, value)) for index, value in enumerate(values))

    def check_order(self, name: str, instants: Sequence[datetime], *, strictly: bool = True) -> None:
        for index in range(1, len(instants)):
            before, at = instants[index - 1], instants[index]
            if at < before or (strictly and at == before):
                raise self.refusal(f"{name}[{index}].at", "an instant after that of the row above")

    def end(self) -> None:
        """All fields must have been taken: a misspelt one would else be silently nothing."""
        unknown = sorted(set(self._data) - self._taken)
        if unknown:
            known = ", ".join(sorted(self._taken))
            raise self.refusal(unknown[0], f"no such field; known here: {known}")

    def _row(self, name: str, index: int, value: object) -> "Table":
        if not isinstance(value, dict):
            raise self.refusal(f"{name}[{index}]", "a table")
        return Table(value, self._field(f"{name}[{index}]"))

    def _take(self, name: str, kind: type | tuple[type, ...], expected: str) -> Any:
        self._taken.add(name)
        if name not in self._data:
            raise self.refusal(name, f"{expected}; it is missing")
        if not isinstance(self._data[name], kind):
            raise self.refusal(name, expected)
        return self._data[name]

    def _finite(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.refusal(name, "a finite number")
        return float(value)

    def _field(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name
