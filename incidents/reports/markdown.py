"""A document as Markdown: the words of the text edition in their order, with staff's emphasis and links."""

import re

from incidents.lib.plain_text import escape
from incidents.reports.document import Document
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
    stamp_entries,
)

_MARKER = re.compile(r"\(\*([1-9][0-9]{0,2})\)")
_FIGURE = re.compile(r"!\[[^\[\]]*\]\(figure:[^()\s]*(?:[ ]+\"[^\"\n]*\")?\)")


def write(document: Document) -> str:
    headings = name_headings(document)
    blocks = [
        show_date(document.issued_on, document.language),
        show_revision(document),
        escape(document.organisation),
        NUMBER_LABEL + document.number,
        f"# {TITLE}",
        escape(show_title(document)),
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


def _port_section(markdown: str) -> str:
    """A section for other renderers: they take footnote markers for emphasis and know no figures of ours."""
    return _MARKER.sub(r"(\\*\1)", _FIGURE.sub("", markdown)).strip()
