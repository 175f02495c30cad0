"""Dates and times as a text edition prints them, in every form its reader takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from incidents.reports.document import Language
from incidents.reports.words import MONTHS_EN, WEEKDAYS_EN, WEEKDAYS_JA, WORDS

_D = "[0-9０-９]"
_OFFSET = rf"(?: ?[(（]UTC(?P<offset>[+-]{_D}{{1,2}}(?::{_D}{{2}})?)[)）])?"
_CLOCK = rf"(?P<hour>{_D}{{1,2}})[:：](?P<minute>{_D}{{2}})"
_DAY_JA = rf"(?P<year>{_D}{{4}})年\s*(?P<month>{_D}{{1,2}})月\s*(?P<day>{_D}{{1,2}})日"
_DAY_EN = rf"(?P<day>{_D}{{1,2}}) +(?P<month>[A-Z][a-z]+) +(?P<year>{_D}{{4}})"
_WEEKDAY_JA = rf"\s*[(（](?P<weekday>[{WEEKDAYS_JA}])[)）]\s*"
_WEEKDAY_EN = rf"(?P<weekday>{'|'.join(WEEKDAYS_EN)}) +"

_DAYS = {"ja": re.compile(_DAY_JA), "en": re.compile(_DAY_EN)}
_REVISIONS = {
    "ja": re.compile(rf"第\s*(?P<revision>{_D}+)\s*版\s*(?P<date>.+?)\s*改訂"),
    "en": re.compile(rf"Revision +(?P<revision>{_D}+), *(?P<date>.+)"),
}
_WITHDRAWALS: Mapping[Language, re.Pattern[str]] = {
    language: re.compile(re.escape(words.withdrawn).replace(re.escape("{day}"), "(?P<date>.+)"))
    for language, words in WORDS.items()
}
_MOMENTS = {
    "ja": re.compile(
        _DAY_JA + _WEEKDAY_JA + rf"(?:(?P<h>{_D}{{1,2}})時(?P<m>{_D}{{1,2}})分|{_CLOCK})"
        rf"{_OFFSET}\s*(?P<about>頃?)"
    ),
    "en": re.compile(rf"(?P<about>(?:[Aa]bout +)?){_WEEKDAY_EN}{_DAY_EN}, *{_CLOCK}{_OFFSET}"),
}
_STAMPS = {
    "ja": re.compile(
        rf"(?:(?P<year>{_D}{{4}})年)?(?P<month>{_D}{{1,2}})月(?P<day>{_D}{{1,2}})日{_WEEKDAY_JA}{_CLOCK}{_OFFSET}\s+(?P<text>\S.*)"
    ),
    "en": re.compile(
        rf"{_WEEKDAY_EN}(?P<day>{_D}{{1,2}}) +(?P<month>[A-Z][a-z]{{2}}) +"
        rf"(?:(?P<year>{_D}{{4}}) +)?{_CLOCK}{_OFFSET}\s+(?P<text>\S.*)"
    ),
}


class DateError(ValueError):
    """No such date, time or weekday; the sentence says what was expected."""


@dataclass(frozen=True)
class Stamp:
    """A day and a time as printed; `year` 0 where none is printed, `offset` only in a repeated hour."""

    year: int
    month: int
    day: int
    weekday: int
    hour: int
    minute: int
    offset: timedelta | None

    def to_instant(self, zone: ZoneInfo, *, year: int, not_before: datetime | None = None) -> datetime:
        """The instant in UTC; of two, the first, or the first that keeps the order."""
        day = make_date(year, self.month, self.day)
        if day.weekday() != self.weekday:
            right = f"{WEEKDAYS_JA[day.weekday()]} / {WEEKDAYS_EN[day.weekday()]}"
            raise DateError(f"the weekday of {day}, which is {right}")
        if self.hour > 23 or self.minute > 59:
            raise DateError("a time from 00:00 to 23:59")
        naive = datetime(day.year, day.month, day.day, self.hour, self.minute)  # noqa: DTZ001
        found = [at for at in _find_instants(naive, zone) if self.offset in (None, _offset_of(at, zone))]
        if not found:
            raise DateError(f"a time that exists on {day} in {zone.key}")
        return next((at for at in found if not_before and at >= not_before), found[0])


def _find_instants(naive: datetime, zone: ZoneInfo) -> list[datetime]:
    try:
        both = [naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        return sorted({at for at in both if at.astimezone(zone).replace(tzinfo=None) == naive})
    except OverflowError:
        raise DateError("a year from 1 to 9998") from None


def _offset_of(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


def make_date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise DateError("a date that exists") from None


def find_language(line: str) -> Language | None:
    """The language whose date the line is."""
    if _DAYS["ja"].fullmatch(line):
        return "ja"
    return "en" if _DAYS["en"].fullmatch(line) else None


def read_date(line: str, language: Language) -> date:
    found = _DAYS[language].fullmatch(line)
    if found is None:
        example = "2020年10月8日" if language == "ja" else "8 October 2020"
        raise DateError(f"a date such as {example}")
    return make_date(int(found["year"]), _month(found["month"]), int(found["day"]))


def is_revision(line: str, language: Language) -> bool:
    return _REVISIONS[language].fullmatch(line) is not None


def read_revision(line: str, language: Language) -> tuple[int, date]:
    found = _REVISIONS[language].fullmatch(line)
    if found is None or not 2 <= int(found["revision"]) <= 9999:
        raise DateError("a revision from 2 on, such as 第2版 2020年10月20日改訂")
    return int(found["revision"]), read_date(found["date"], language)


def is_withdrawal(line: str) -> bool:
    return any(form.fullmatch(line) for form in _WITHDRAWALS.values())


def read_withdrawal(line: str, language: Language) -> date:
    found = _WITHDRAWALS[language].fullmatch(line)
    if found is None:
        raise DateError(f"the line in the report's language: {WORDS[language].withdrawn}")
    return read_date(found["date"], language)


def read_moment(text: str, language: Language) -> tuple[Stamp, bool] | None:
    """(day and time, whether approximate) of one end of a period; None where it has another form."""
    found = _MOMENTS[language].fullmatch(text.strip())
    return (_make_stamp(found), bool(found["about"])) if found else None


def read_entry(line: str, language: Language) -> tuple[Stamp, str] | None:
    """(day and time, text) of a timeline entry; None where the line has another form."""
    found = _STAMPS[language].fullmatch(line)
    return (_make_stamp(found), found["text"]) if found else None


def _make_stamp(found: re.Match[str]) -> Stamp:
    parts = found.groupdict()
    weekday, month = parts["weekday"], _month(parts["month"])
    if not 1 <= month <= 12:
        raise DateError("a date that exists")
    return Stamp(
        year=int(parts["year"] or 0),
        month=month,
        day=int(parts["day"]),
        weekday=WEEKDAYS_JA.find(weekday) if weekday in WEEKDAYS_JA else WEEKDAYS_EN.index(weekday),
        hour=int(parts.get("h") or parts["hour"]),
        minute=int(parts.get("m") or parts["minute"]),
        offset=_read_offset(parts["offset"]) if parts["offset"] else None,
    )


def _read_offset(text: str) -> timedelta:
    hours, _, minutes = text[1:].partition(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return -offset if text[0] == "-" else offset


def _month(text: str) -> int:
    """1 to 12 from a number, an English name or its first three letters; 0 for none of them."""
    if text[0].isdigit():
        return int(text)
    names = [name if len(text) > 3 else name[:3] for name in MONTHS_EN]
    return names.index(text) + 1 if text in names else 0
