"""Dates as people write them into a report's texts, in either language."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

from incidents.reports.words import MONTHS_EN, WEEKDAYS_EN, WEEKDAYS_JA

_WEEKDAY_EN = rf"(?:{'|'.join(WEEKDAYS_EN)})[a-z]*"
_MONTH_EN = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS_EN)
_AFTER = rf"(?:[ ]?\((?P<after>[{WEEKDAYS_JA}](?:曜日?)?|{_WEEKDAY_EN})\))?"
_CLOCK = (
    r"(?:,?[ ]?(?P<half>午前|午後)?(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{2})|時(?:(?P<minutes>[0-9]{1,2})分)?))?"
)
_ORDINAL = r"(?:st|nd|rd|th)?"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:(?P<year>[0-9]{{4}})年)?(?P<month>[0-9]{{1,2}})月(?P<day>[0-9]{{1,2}})日{_AFTER}{_CLOCK}",
        rf"(?<![0-9/-])(?P<year>[0-9]{{4}})[-/](?P<month>[0-9]{{1,2}})[-/](?P<day>[0-9]{{1,2}})"
        rf"(?![0-9/-]){_AFTER}{_CLOCK}",
        rf"(?<![0-9/])(?P<month>[0-9]{{1,2}})/(?P<day>[0-9]{{1,2}})[ ]?\((?P<after>[{WEEKDAYS_JA}](?:曜日?)?"
        rf"|{_WEEKDAY_EN})\){_CLOCK}",
        rf"(?:\b(?P<before>{_WEEKDAY_EN}),?[ ])?\b(?P<day>[0-9]{{1,2}}){_ORDINAL}[ ](?P<name>{_MONTH_EN})\b"
        rf"(?:,?[ ](?P<year>[0-9]{{4}})\b)?{_AFTER}{_CLOCK}",
        rf"(?:\b(?P<before>{_WEEKDAY_EN}),?[ ])?\b(?P<name>{_MONTH_EN})[ ](?P<day>[0-9]{{1,2}}){_ORDINAL}\b"
        rf"(?:,?[ ](?P<year>[0-9]{{4}})\b)?{_AFTER}{_CLOCK}",
    )
)


@dataclass(frozen=True)
class Mention:
    """A date in a text; `weekday` from 0 for Monday. What the text leaves out is None."""

    said: str
    year: int | None
    month: int
    day: int
    weekday: int | None
    clock: time | None

    def on(self, year: int) -> date | None:
        """The day in that year where the text names none; None for one that no calendar has."""
        try:
            return date(self.year or year, self.month, self.day)
        except ValueError:
            return None


def find_dates(text: str) -> Iterator[Mention]:
    """Each date, whatever the width of its digits and brackets, in the order of the patterns' places."""
    flat = unicodedata.normalize("NFKC", text)
    found = [match for pattern in _PATTERNS for match in pattern.finditer(flat)]
    end = 0
    for match in sorted(found, key=lambda one: (one.start(), -one.end())):
        if match.start() >= end:
            yield _mention(match)
            end = match.end()


def _mention(match: re.Match[str]) -> Mention:
    parts = match.groupdict()
    weekday = parts.get("before") or parts.get("after")
    month = _month(parts["name"]) if parts.get("name") else int(parts["month"])
    return Mention(
        said=match[0].strip(),
        year=int(parts["year"]) if parts.get("year") else None,
        month=month,
        day=int(parts["day"]),
        weekday=_weekday(weekday) if weekday else None,
        clock=_clock(parts),
    )


def _month(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS_EN, 1) if month[:3] == name[:3])


def _weekday(said: str) -> int:
    return WEEKDAYS_JA.index(said[0]) if said[0] in WEEKDAYS_JA else WEEKDAYS_EN.index(said[:3])


def _clock(parts: dict[str, str]) -> time | None:
    if not parts.get("hour"):
        return None
    hour = int(parts["hour"]) + (12 if parts["half"] == "午後" and int(parts["hour"]) < 12 else 0)
    minute = int(parts["minute"] or parts["minutes"] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None
