"""Which characters of a report's text edition people wrote, and which the system did.

The system writes headings, dates, weekdays, instants, the number, the lines of public updates, those of its
monitors, and the constants of the format. People write the names of service and organisation, the subject, the
sections, and their lines of the log. Spaces and line ends are counted as nobody's.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from incidents.lib.plain_text import plain
from incidents.models import LogSource, Report
from incidents.queries.report import with_record
from incidents.reports import hea
from incidents.reports.build import document_of
from incidents.reports.document import Document, Line
from incidents.reports.phrases import PHRASES
from incidents.reports.words import (
    NUMBER_LABEL,
    TITLE,
    name_headings,
    show_date,
    show_revision,
    show_withdrawal,
    stamp_entries,
)

OPENED_BY_SYSTEM = (LogSource.MONITOR, LogSource.SYSTEM)


@dataclass(frozen=True)
class Piece:
    text: str
    by_people: bool


@dataclass(frozen=True)
class Provenance:
    """In characters that are no space."""

    people: int
    system: int

    @property
    def share(self) -> float:
        """Of the system."""
        return self.system / (self.people + self.system)


def provenance_of(report: Report) -> Provenance:
    """Of an issued report, from what the record says now."""
    report = with_record(report.pk)
    return count(trace(document_of(report), computed=_computed_lines(report)))


def count(pieces: Collection[Piece]) -> Provenance:
    by = {
        people: sum(_length(one.text) for one in pieces if one.by_people is people)
        for people in (True, False)
    }
    return Provenance(people=by[True], system=by[False])


def trace(document: Document, *, computed: Collection[int] = ()) -> list[Piece]:
    """The text edition in pieces, each by whoever wrote it; `computed` are the places in the timeline of lines that
    monitoring wrote. Put together they are the text edition, character by character."""
    text, pieces, done = hea.write(document), list[Piece](), 0
    for begins, length in _people_wrote(document, text, computed=computed):
        pieces += [Piece(text[done:begins], False), Piece(text[begins : begins + length], True)]
        done = begins + length
    return [piece for piece in [*pieces, Piece(text[done:], False)] if piece.text]


def _people_wrote(document: Document, text: str, *, computed: Collection[int]) -> Iterator[tuple[int, int]]:
    """(where it begins, how long it is) of each piece, in their order."""
    dates = (
        show_withdrawal(document),
        show_date(document.issued_on, document.language),
        show_revision(document),
    )
    at = sum(len(line) + 2 for line in dates if line)
    yield at, len(document.organisation)
    at = text.index(f"{NUMBER_LABEL}{document.number}\n\n{TITLE}\n", at + len(document.organisation))
    at = text.index(f"{TITLE}\n", at) + len(TITLE) + 1
    yield at, len(document.title)
    if opening := plain(document.opening):
        at = text.index(f"\n\n{opening}\n\n", at) + 2
        yield at, len(opening)
    for block, heading in name_headings(document).items():
        at = text.index(f"■ {heading}\n", at) + len(f"■ {heading}\n")
        if block == "timeline":
            yield from _people_logged(document, text, at, computed=computed)
        elif block != "period" and (words := plain(getattr(document, block))):
            yield text.index(words, at), len(words)


def _people_logged(
    document: Document, text: str, at: int, *, computed: Collection[int]
) -> Iterator[tuple[int, int]]:
    lines = iter(enumerate(document.timeline))
    for entry, stamp in stamp_entries(document):
        at = text.index(f"{stamp}\t{entry.text}", at) + len(stamp) + 1
        left = len(entry.text)
        while left > 0:
            place, line = next(lines)
            if place not in computed and not _is_phrase(line, document):
                yield at, len(line.text)
            at, left = at + len(line.text) + 1, left - len(line.text) - 1
        at -= 1


def _is_phrase(line: Line, document: Document) -> bool:
    """An update's line in the system's own words; somebody may have given it others."""
    return line.update is not None and line.text == PHRASES[document.language][line.update]


def _computed_lines(report: Report) -> set[int]:
    rows = report.lines.filter(is_included=True).order_by("entry__happened_at", "entry_id")
    told = rows.values_list("entry__source", "wording")
    return {
        place for place, (source, wording) in enumerate(told) if source in OPENED_BY_SYSTEM and not wording
    }


def _length(text: str) -> int:
    return len("".join(text.split()))
