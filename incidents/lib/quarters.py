from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, order=True)
class Quarter:
    """Of a calendar year; `number` 1 to 4. Written `2020-Q3`."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    def back(self, count: int) -> "Quarter":
        return _of_ordinal(self.year * 4 + self.number - 1 - count)


def quarter_of(day: date) -> Quarter:
    return Quarter(day.year, (day.month + 2) // 3)


def last_quarters(day: date, *, count: int) -> list[Quarter]:
    """The quarter of `day` and those before it, the earliest first."""
    now = quarter_of(day)
    return [now.back(back) for back in reversed(range(count))]


def _of_ordinal(ordinal: int) -> Quarter:
    return Quarter(ordinal // 4, ordinal % 4 + 1)
