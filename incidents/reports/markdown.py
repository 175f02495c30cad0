"""A document as Markdown: the words of the text edition in their order, with staff's emphasis and links."""

import re

from incidents.lib.plain_text import escape
from incidents.reports.document import Document
from incidents.reports.figures import FIGURE
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

_MARKER = re.compile(r"\(\*([1-9][0-9]{0,2})\)")


def write(document: Document) -> str:
    headings = name_headings(document)
    blocks = [
        _embolden(show_withdrawal(document)),
        show_date(document.issued_on, document.language),
        show_revision(document),
        escape(document.organisation),
        NUMBER_LABEL + document.number,
        f"# {TITLE}",
        escape(show_title(document)),
        _port_section(document.opening),
        *(part for block in BLOCKS for part in (f"## ■ {headings[block]}", _show_block(document, block))),
        WORDS[document.language].end,
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _show_block(document: Document, block: str) -> str:
    if block == "period":
        return "".join(show_period(document))
    if block == "timeline":
        entries = [f"- {stamp} {escape(entry.text)}" for entry, stamp in stamp_entries(document)]
        return "\n\n".join(filter(None, [WORDS[document.language].lead, "\n".join(entries)]))
    return _port_section(getattr(document, block))


def _embolden(line: str) -> str:
    return f"**{escape(line)}**" if line else ""


def _port_section(markdown: str) -> str:
    """A section for other renderers: they take footnote markers for emphasis and know no figures of ours."""
    return _MARKER.sub(r"(\\*\1)", FIGURE.sub("", markdown)).strip()
