"""A post-incident report as values: no format, no database."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from incidents.lib.errors import Refused
from incidents.lib.plain_text import escape, plain
from incidents.reports.footnotes import find_unmatched
from incidents.reports.phrases import UpdateKind

Language = Literal["ja", "en"]
Edition = Literal["final", "interim", "first"]
Role = Literal["written", "checked", "approved"]

SECTIONS = ("what_happened", "scope", "cause", "measures")
TEXTS = ("opening", *SECTIONS)
MOST_CHARACTERS = {"organisation": 100, "service": 100, "subject": 150}
NUMBER = re.compile(r"([A-Z]{2,8})([0-9]{8})([0-9]{2})")
NUMBER_FORM = "2 to 8 capitals, a date as YYYYMMDD and a serial from 01, such as HEA2020100801"


@dataclass(frozen=True)
class Line:
    """One line of the timeline; `joined`: printed on the line before it, where that has the same minute."""

    at: datetime
    text: str
    joined: bool = False
    update: UpdateKind | None = None


@dataclass(frozen=True)
class Entry:
    """What one printed line of the timeline says."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Signed:
    """Somebody who stands for the text."""

    role: Role
    name: str
    on: date


@dataclass(frozen=True, kw_only=True)
class Document:
    """Instants are aware, in UTC; texts are in our Markdown; `period_until` None: still going on.

    `opening` stands between the title and the first heading. `signatures` and `letterhead` are
    for the printed editions.
    """

    language: Language = "ja"
    edition: Edition = "final"
    issued_on: date
    revision: int = 1
    revised_on: date | None = None
    organisation: str
    number: str
    service: str
    subject: str
    zone: str
    period_from: datetime
    period_from_approximate: bool = True
    period_until: datetime | None
    period_until_approximate: bool = False
    what_happened: str
    scope: str
    cause: str
    measures: str
    timeline: tuple[Line, ...] = ()
    opening: str = ""
    signatures: tuple[Signed, ...] = ()
    letterhead: tuple[str, ...] = ()
    withdrawn_on: date | None = None

    @property
    def title(self) -> str:
        return f"{self.service} {self.subject}".strip()


def normalise_section(markdown: str) -> str:
    """What a section is once its text edition has been read back: the same words, all markup
    but lists and footnotes gone. For comparing; staff's own text is stored as they wrote it.
    """
    return escape(plain(markdown))


def to_minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def group_lines(timeline: Sequence[Line]) -> Iterator[Entry]:
    """The printed entries. A joined line whose minute is not that of the line before stands alone."""
    entry: Entry | None = None
    for line in timeline:
        if entry and line.joined and to_minute(line.at) == to_minute(entry.at):
            entry = Entry(entry.at, f"{entry.text} {line.text}")
            continue
        if entry:
            yield entry
        entry = Entry(line.at, line.text)
    if entry:
        yield entry


def split_number(number: str) -> tuple[str, date, int]:
    """(service code, date of the first issue, serial); Refused (field `number`) outside the scheme."""
    parts = NUMBER.fullmatch(number)
    try:
        if parts and int(parts[3]):
            issued = date(int(parts[2][:4]), int(parts[2][4:6]), int(parts[2][6:]))
            return parts[1], issued, int(parts[3])
    except ValueError:
        pass
    raise Refused(f"expected {NUMBER_FORM}", field="number")


def check(document: Document) -> None:
    """Refuses, by its field, what no edition of a report may say."""
    split_number(document.number)
    find_zone(document.zone)
    _check_single_lines(document)
    _check_revision(document)
    _check_instants(document)
    for text, problem in find_unmatched([plain(getattr(document, name)) for name in TEXTS]):
        raise Refused(f"expected {problem}", field=TEXTS[text])


def find_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused("expected the IANA name of a time zone, such as Asia/Tokyo", field="zone") from None


def _check_single_lines(document: Document) -> None:
    for field, most in MOST_CHARACTERS.items():
        value = getattr(document, field)
        if len(value) > most:
            raise Refused(f"expected at most {most} characters", field=field)
        if not _is_line(value) and (value or field != "subject"):
            raise Refused("expected one line of text without space around it", field=field)
    for line in document.timeline:
        if not _is_line(line.text):
            raise Refused("expected every entry to be one line of text", field="timeline")
    if not all(_is_line(signed.name) for signed in document.signatures):
        raise Refused("expected every name to be one line of text", field="signatures")
    if not all(map(_is_line, document.letterhead)):
        raise Refused("expected lines of text without space around them", field="letterhead")


def _is_line(text: str) -> bool:
    return bool(text) and text == text.strip() and not re.search(r"[\x00-\x1f\x7f-\x9f]", text)


def _check_revision(document: Document) -> None:
    if document.revision < 1 or (document.revision > 1) != (document.revised_on is not None):
        raise Refused("expected a date of revision from the second revision on", field="revision")
    if document.revised_on and document.revised_on < document.issued_on:
        raise Refused("expected a date not before the issue date", field="revised_on")
    if document.withdrawn_on and document.withdrawn_on < (document.revised_on or document.issued_on):
        raise Refused("expected a date not before the report's own", field="withdrawn_on")


def _check_instants(document: Document) -> None:
    instants = [line.at for line in document.timeline]
    for field, at in (
        ("period_from", document.period_from),
        ("period_until", document.period_until),
        *(("timeline", at) for at in instants),
    ):
        if at and at.utcoffset() is None:
            raise Refused("expected an instant with a time zone", field=field)
    if document.period_until and document.period_until < document.period_from:
        raise Refused("expected an end that is not before the start", field="period_until")
    minutes = [to_minute(at) for at in instants]
    if minutes != sorted(minutes):
        raise Refused("expected the entries in the order of their instants", field="timeline")
