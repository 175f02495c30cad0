"""A text edition back into a document: see docs/report-format.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from incidents.lib.errors import Refused
from incidents.lib.plain_text import escape
from incidents.reports.document import (
    MOST_CHARACTERS,
    NUMBER_FORM,
    TEXTS,
    Document,
    Edition,
    Language,
    Line,
    find_zone,
    split_number,
)
from incidents.reports.footnotes import locate_unmatched
from incidents.reports.hea_dates import (
    find_language,
    is_revision,
    is_withdrawal,
    read_date,
    read_entry,
    read_moment,
    read_revision,
    read_withdrawal,
)
from incidents.reports.hea_headings import find_heading, read_zone
from incidents.reports.hea_rows import Block, Row, split_blocks, split_rows
from incidents.reports.hea_title import split_title
from incidents.reports.phrases import kind_of, split_phrase
from incidents.reports.words import NUMBER_LABEL, TITLE, WORDS, choose_year, name_zone

_ISSUE_DATE = "a date such as 2020年10月8日 or 8 October 2020"
_ENTRIES = {"ja": "9月04日(金) 12:46<TAB>text", "en": "Fri 04 Sep 12:46<TAB>text"}
_PERIODS = {
    "ja": "2020年9月1日（火）9時00分頃 から2020年9月8日（火）8時00分頃まで",
    "en": "About Tue 1 September 2020, 09:00 to about Tue 8 September 2020, 08:00",
}


def read(text: str, *, services: Mapping[str, str] | None = None, service: str | None = None) -> Document:
    """The document of a text edition, Japanese or English.

    `services` (report code to name) and `service` (an override) tell where the title's
    service ends. Raises ReportSyntaxError.
    """
    rows = split_rows(text)
    filled = [row for row in rows if row.text] or [Row(1, "")]
    language = _find_language(filled)
    head = _read_head(filled, language)
    end = filled[-1]
    if end.text != WORDS[language].end:
        end.refuse(f"{WORDS[language].end} as the last line")
    body = [row for row in rows if head.title.number < row.number < end.number]
    blocks = split_blocks(body, title=head.title, end=end, language=language)
    zone = _read_zone(blocks["period"].heading, language)
    period = _read_period(blocks["period"], language=language, zone=zone)
    _check_footnotes(blocks)
    named, subject = split_title(
        head.title.text, number=head.number, services=services or {}, service=service
    )
    _check_length(head.title, "service", named)
    _check_length(head.title, "subject", subject)
    return Document(
        language=language,
        edition=head.edition,
        issued_on=head.issued_on,
        revision=head.revision,
        revised_on=head.revised_on,
        organisation=head.organisation,
        number=head.number,
        service=named,
        subject=subject,
        zone=zone.key,
        period_from=period.start,
        period_from_approximate=period.start_approximate,
        period_until=period.until,
        period_until_approximate=period.until_approximate,
        what_happened=escape(blocks["what_happened"].text),
        scope=escape(blocks["scope"].text),
        cause=escape(blocks["cause"].text),
        measures=escape(blocks["measures"].text),
        opening=escape(blocks["opening"].text),
        withdrawn_on=head.withdrawn_on,
        timeline=tuple(_read_timeline(blocks["timeline"], language=language, zone=zone, start=period.start)),
    )


def find_number_line(text: str) -> int:
    """The line, from 1, that gives the report's number; 0 where none does."""
    return next((row.number for row in split_rows(text) if row.text.startswith(NUMBER_LABEL)), 0)


@dataclass(frozen=True)
class _Head:
    withdrawn_on: date | None
    issued_on: date
    revision: int
    revised_on: date | None
    organisation: str
    number: str
    edition: Edition
    title: Row


def _find_language(filled: Sequence[Row]) -> Language:
    issue = filled[1] if len(filled) > 1 and is_withdrawal(filled[0].text) else filled[0]
    return find_language(issue.text) or issue.refuse(_ISSUE_DATE)


def _read_head(filled: Sequence[Row], language: Language) -> _Head:
    withdrawal = filled[0] if is_withdrawal(filled[0].text) else None
    issue, *rest = filled[1:] if withdrawal else filled
    with issue.refusing():
        issued_on = read_date(issue.text, language)
    revision: tuple[int, date | None] = (1, None)
    if rest and is_revision(rest[0].text, language):
        revision = _read_revision(rest.pop(0), issued_on=issued_on, language=language)
    rest += [Row(filled[-1].number, "")] * 4
    organisation = _expect_line(rest[0], "the organisation's name", language)
    _check_length(organisation, "organisation", organisation.text)
    number = _read_number(_expect_line(rest[1], NUMBER_LABEL + NUMBER_FORM, language))
    if rest[2].text != TITLE:
        rest[2].refuse(TITLE)
    title = _expect_line(rest[3], "the service and the subject", language)
    edition = _find_edition(title.text, language)
    withdrawn_on = None
    if withdrawal:
        withdrawn_on = _read_withdrawal(withdrawal, not_before=revision[1] or issued_on, language=language)
    return _Head(
        withdrawn_on=withdrawn_on,
        issued_on=issued_on,
        revision=revision[0],
        revised_on=revision[1],
        organisation=organisation.text,
        number=number,
        edition=edition,
        title=Row(title.number, title.text.removesuffix(WORDS[language].suffixes[edition]).strip()),
    )


def _expect_line(row: Row, expected: str, language: Language) -> Row:
    if not row.text or find_heading(row.text, language) is not None:
        row.refuse(expected)
    return row


def _check_length(row: Row, field: str, text: str) -> None:
    if len(text) > MOST_CHARACTERS[field]:
        row.refuse(f"the {field} in at most {MOST_CHARACTERS[field]} characters")


def _read_revision(row: Row, *, issued_on: date, language: Language) -> tuple[int, date]:
    with row.refusing():
        revision, revised_on = read_revision(row.text, language)
    if revised_on < issued_on:
        row.refuse("a date of revision not before the issue date")
    return revision, revised_on


def _read_withdrawal(row: Row, *, not_before: date, language: Language) -> date:
    with row.refusing():
        withdrawn_on = read_withdrawal(row.text, language)
    if withdrawn_on < not_before:
        row.refuse("a date of withdrawal not before the report's own")
    return withdrawn_on


def _read_number(row: Row) -> str:
    label = NUMBER_LABEL.strip()
    number = row.text.removeprefix(label).strip()
    if not row.text.startswith(label):
        row.refuse(NUMBER_LABEL + NUMBER_FORM)
    try:
        split_number(number)
    except Refused:
        row.refuse(NUMBER_FORM)
    return number


def _find_edition(title: str, language: Language) -> Edition:
    suffixes = WORDS[language].suffixes
    return next(
        (edition for edition, suffix in suffixes.items() if suffix and title.endswith(suffix)), "final"
    )


def _read_zone(heading: Row, language: Language) -> ZoneInfo:
    try:
        return find_zone(read_zone(heading.text, language))
    except Refused:
        form = next(form for form in WORDS[language].headings if "{zone}" in form)
        heading.refuse("■ " + form.format(zone=name_zone("Asia/Tokyo", language)))


@dataclass(frozen=True)
class _Period:
    start: datetime
    start_approximate: bool
    until: datetime | None
    until_approximate: bool


def _read_period(block: Block, *, language: Language, zone: ZoneInfo) -> _Period:
    row = block.filled[0] if block.filled else block.heading
    if len(block.filled) > 1:
        block.filled[1].refuse("one line of period, then the next heading")
    words = WORDS[language]
    first, joint, last = row.text.partition(words.joint.strip() if language == "ja" else words.joint)
    ongoing = last.strip() == words.ongoing
    with row.refusing():
        start = read_moment(first, language)
        until = read_moment(last.strip().removesuffix(words.until), language)
    closed = last.strip().endswith(words.until)
    if start is None or not joint or not (ongoing or (until and closed)):
        row.refuse(_PERIODS[language])
    with row.refusing():
        start_at = start[0].to_instant(zone, year=start[0].year)
        until_at = until and until[0].to_instant(zone, year=until[0].year, not_before=start_at)
    if until_at and until_at < start_at:
        row.refuse("an end of the period that is not before its start")
    return _Period(start_at, start[1], until_at, bool(until and until[1]))


def _read_timeline(block: Block, *, language: Language, zone: ZoneInfo, start: datetime) -> Iterator[Line]:
    before: datetime | None = None
    for row in block.filled:
        if before is None and row.text == WORDS[language].lead:
            continue
        with row.refusing():
            entry = read_entry(row.text, language)
        if entry is None:
            row.refuse(f"a timeline entry such as {_ENTRIES[language]}")
        stamp, text = entry
        with row.refusing():
            year = stamp.year or choose_year(
                month=stamp.month,
                day=stamp.day,
                before=before and before.astimezone(zone).date(),
                start=start.astimezone(zone).date(),
            )
            at = stamp.to_instant(zone, year=year, not_before=before)
        if before and at < before:
            row.refuse("a timeline entry not earlier than the one before it")
        before = at
        yield from _split_entry(at, text)


def _split_entry(at: datetime, text: str) -> list[Line]:
    """The lines an entry was joined from: one, and the public updates at its end."""
    joined: list[Line] = []
    text, phrase = split_phrase(text)
    while phrase:
        joined.insert(0, Line(at, phrase, joined=True, update=kind_of(phrase)))
        text, phrase = split_phrase(text)
    return [Line(at, text, update=kind_of(text)), *joined]


def _check_footnotes(blocks: Mapping[str, Block]) -> None:
    texts = [blocks[name] for name in TEXTS]
    for text, place, expected in locate_unmatched([block.text for block in texts]):
        texts[text].rows[place - 1].refuse(expected)
