"""A document as an HTML fragment: one article, without style, for a page to set."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from html import escape, unescape

from incidents.reports.document import SECTIONS, Document
from incidents.reports.figures import Picture
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

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[a-z0-9]+)(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")
_MARKER = re.compile(r"\(\*([1-9][0-9]{0,2})\)")
_FIGURE = re.compile(r'(?P<alone><p>)?<img(?P<attributes>(?: [a-z]+="[^"]*")*)>(?(alone)(?P<end></p>)?)')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_NOTE = re.compile(r"\s*\(\*([1-9][0-9]{0,2})\)(?=\s|$)")


def write(
    document: Document,
    *,
    render_markdown: Callable[[str], str],
    figures: Mapping[str, Picture] | None = None,
    address: Callable[[str], str] | None = None,
) -> str:
    """The fragment. What `render_markdown` answers for a text goes in as it is: it must be safe HTML.

    `address` says where a figure's file is; without it the pictures stand in the fragment itself.
    """
    headings = name_headings(document)
    notes = _Notes()
    pictures = _Pictures(figures or {}, address)

    def show(text: str) -> str:
        return pictures.place(notes.link(render_markdown(text)))

    parts = [f'<article class="report" lang="{document.language}">', *_show_head(document)]
    if document.opening:
        parts.append(f'<div class="report-opening">\n{show(document.opening)}\n</div>')
    for block in BLOCKS:
        parts.append(f'<section class="report-{block.replace("_", "-")}">')
        parts.append(f"<h2>{escape(headings[block])}</h2>")
        if block in SECTIONS:
            parts.append(show(getattr(document, block)))
        else:
            parts += _show_period(document) if block == "period" else _show_timeline(document)
        parts.append("</section>")
    return "\n".join([*parts, f"<p>{WORDS[document.language].end}</p>", "</article>"]) + "\n"


def _show_head(document: Document) -> Iterator[str]:
    issued = show_date(document.issued_on, document.language)
    if document.withdrawn_on:
        yield f'<p class="report-withdrawn"><strong>{escape(show_withdrawal(document))}</strong></p>'
    yield f'<header>\n<p><time datetime="{document.issued_on}">{issued}</time></p>'
    if document.revised_on:
        yield f'<p><time datetime="{document.revised_on}">{show_revision(document)}</time></p>'
    yield f"<p>{escape(document.organisation)}</p>"
    yield f"<p>{NUMBER_LABEL}{escape(document.number)}</p>"
    yield f"<div>\n<h1>{TITLE}</h1>\n<p>{escape(show_title(document))}</p>\n</div>"
    yield "</header>"


def _show_period(document: Document) -> Iterator[str]:
    start, joint, until = show_period(document)
    end = _show_time(document.period_until, until) if document.period_until else escape(until)
    yield f"<p>{_show_time(document.period_from, start)}{joint}{end}</p>"


def _show_timeline(document: Document) -> Iterator[str]:
    yield f"<p>{WORDS[document.language].lead}</p>"
    if not document.timeline:
        return
    yield "<dl>"
    for entry, stamp in stamp_entries(document):
        yield f"<dt>{_show_time(entry.at, stamp)}</dt>"
        yield f"<dd>{escape(entry.text)}</dd>"
    yield "</dl>"


def _show_time(instant: datetime, shown: str) -> str:
    return f'<time datetime="{instant.astimezone(UTC):%Y-%m-%dT%H:%MZ}">{escape(shown)}</time>'


class _Pictures:
    """Puts a report's pictures where its texts name them; a name that has none shows nothing."""

    def __init__(self, figures: Mapping[str, Picture], address: Callable[[str], str] | None) -> None:
        self.figures = figures
        self.address = address

    def place(self, html: str) -> str:
        return _FIGURE.sub(self._place, html)

    def _place(self, found: re.Match[str]) -> str:
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(found["attributes"])}
        name = attributes.get("src", "").removeprefix("figure:")
        if name not in self.figures:
            return "" if found["end"] else found["alone"] or ""
        image = self._image(name, attributes.get("alt", ""))
        caption = escape(attributes.get("title", ""))
        if not found["end"]:
            shown = f' <span class="caption">{caption}</span>' if caption else ""
            return (found["alone"] or "") + image + shown
        shown = f"\n<figcaption>{caption}</figcaption>" if caption else ""
        return f"<figure>\n{image}{shown}\n</figure>"

    def _image(self, name: str, alternative: str) -> str:
        picture = self.figures[name]
        source = self.address(name) if self.address else _data_address(picture)
        return (
            f'<img src="{escape(source)}" alt="{escape(alternative)}"'
            f' width="{picture.width}" height="{picture.height}">'
        )


def _data_address(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{b64encode(picture.data).decode()}"


class _Notes:
    """Links the markers of one report with their notes (`#note-1`), and notes with the first of theirs."""

    def __init__(self) -> None:
        self.marked: set[str] = set()
        self.noted: set[str] = set()

    def link(self, html: str) -> str:
        """Rendered HTML with its footnote markers made links; never inside a link or code."""
        pieces: list[str] = []
        closed, end, inside = True, 0, 0
        for tag in _TAG.finditer(html):
            text = html[end : tag.start()]
            pieces += [text if inside else self._link_text(text, opens_line=closed), tag[0]]
            if tag["name"] in ("a", "code", "pre"):
                inside += -1 if tag["close"] else 1
            closed = tag["name"] in ("p", "br") or (closed and not text.strip())
            end = tag.end()
        return "".join([*pieces, self._link_text(html[end:], opens_line=closed)])

    def _link_text(self, text: str, *, opens_line: bool) -> str:
        note = _NOTE.match(text) if opens_line else None
        if note is None:
            return _MARKER.sub(self._link_marker, text)
        rest = _MARKER.sub(self._link_marker, text[note.end() :])
        return self._anchor(note[1], own="note", other="marker", seen=self.noted) + rest

    def _link_marker(self, marker: re.Match[str]) -> str:
        return self._anchor(marker[1], own="marker", other="note", seen=self.marked)

    def _anchor(self, number: str, *, own: str, other: str, seen: set[str]) -> str:
        """A link to the other end; only the first of a number has an id."""
        own_id = "" if number in seen else f' id="{own}-{number}"'
        seen.add(number)
        return f'<a{own_id} href="#{other}-{number}">(*{number})</a>'
