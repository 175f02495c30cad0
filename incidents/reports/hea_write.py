"""A document as the text edition: see docs/report-format.md."""

from incidents.lib.errors import Refused
from incidents.lib.plain_text import plain
from incidents.reports.document import Document, check
from incidents.reports.hea_dates import is_revision
from incidents.reports.hea_headings import find_heading
from incidents.reports.words import (
    BLOCKS,
    NUMBER_LABEL,
    TITLE,
    WORDS,
    name_headings,
    show_date,
    show_period,
    show_revision,
    show_title,
    show_withdrawal,
    stamp_entries,
)


def write(document: Document) -> str:
    """The text edition. Refused, by the field, what would not be read back as it was meant."""
    check(document)
    _check_head(document)
    bodies = {block: _show_block(document, block) for block in BLOCKS}
    headings = name_headings(document)
    blocks = [
        show_withdrawal(document),
        show_date(document.issued_on, document.language),
        show_revision(document),
        document.organisation,
        NUMBER_LABEL + document.number,
        f"{TITLE}\n{show_title(document)}",
        _show_text(document, "opening"),
        *(part for block in BLOCKS for part in (f"■ {headings[block]}", bodies[block])),
        WORDS[document.language].end,
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _show_block(document: Document, block: str) -> str:
    if block == "period":
        return "".join(show_period(document))
    if block == "timeline":
        entries = (f"{stamp}\t{entry.text}" for entry, stamp in stamp_entries(document))
        return "\n\n".join(filter(None, [WORDS[document.language].lead, "\n".join(entries)]))
    return _show_text(document, block)


def _show_text(document: Document, field: str) -> str:
    text = plain(getattr(document, field))
    for line in text.split("\n"):
        if find_heading(line, document.language) is not None:
            raise Refused(f"expected no line that reads as a heading of the report: {line}", field=field)
    return text


def _check_head(document: Document) -> None:
    if is_revision(document.organisation, document.language):
        raise Refused("expected a name that does not read as a line of revision", field="organisation")
    for field, line in (("organisation", document.organisation), ("service", document.title)):
        if find_heading(line, document.language) is not None:
            raise Refused(f"expected no heading of the report: {line}", field=field)
    suffixes = tuple(suffix for suffix in WORDS[document.language].suffixes.values() if suffix)
    if document.edition == "final" and document.title.endswith(suffixes):
        raise Refused("expected a subject that does not end in the name of an edition", field="subject")
