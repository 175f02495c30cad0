"""Staff's Markdown as HTML: the only sanitiser, and the only place that calls Markdown.

Our dialect: raw HTML is text, a single newline is a line break, a backslash takes the
meaning from any ASCII punctuation, `(*1)` is a footnote marker and never emphasis, links
stand where they are used (no `[1]: https://…`), headings begin with `#`.
"""

import re
import string
from typing import Any

import nh3
from markdown import Markdown
from markdown.extensions.nl2br import Nl2BrExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import InlineProcessor
from pymdownx.magiclink import MagiclinkExtension
from pymdownx.tilde import DeleteSubExtension

from incidents.lib.errors import Refused
from incidents.lib.plain_text import MARKER, escape, plain

__all__ = ["MAX_BRACKETS", "MAX_BYTES", "MAX_DEPTH", "escape", "plain", "render", "render_with_figures"]

MAX_BYTES = 20_000
MAX_BRACKETS = 400
MAX_BRACKET_STEPS = 1_000_000  # from each [ Markdown looks for its ] as far as the paragraph goes: 0.4 s
MAX_DEPTH = 20
MAX_CELLS = 10_000  # Markdown fills up every row to the width of the table's head: 20 kB can mean 10 million
MAX_DOT_STEPS = 1_000_000  # after each dot of a word it looks for an @ as far as the word goes

_TAGS = {
    *("p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h3", "h4", "hr"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_SCHEMES = {"http", "https", "mailto"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}}
_NESTING = re.compile(r"[ \t]*(?:(?:>|[-*+][ \t]|[0-9]+\.[ \t])[ \t]*)*")
_OPEN = re.compile(r"(?<!\\)\[")
_NO_FIGURE = re.compile(r'<img(?: (?:alt|title)="[^"]*")*>')
_WORD = re.compile(r"[-+\w.]+")


def render(text: str) -> str:
    """Safe HTML, without ids, images or relative links, the same at every call.

    Raises Refused (field `body`) for a text that is too long or too deep to render in time.
    """
    _check_size(text)
    return _sanitise(_new_parser().convert(text), tags=_TAGS, attributes=_ATTRIBUTES)


def render_with_figures(text: str) -> str:
    """As `render`, and a report's figures stand as `<img src="figure:name" alt title>`; no other image does."""
    _check_size(text)
    html = _sanitise(
        _new_parser().convert(text),
        tags=_TAGS | {"img"},
        attributes=_ATTRIBUTES | {"img": {"src", "alt", "title"}},
        attribute_filter=_keep_figures,
        url_schemes=_SCHEMES | {"figure"},
    )
    return _NO_FIGURE.sub("", html)


def _keep_figures(tag: str, attribute: str, value: str) -> str | None:
    """A figure is only where an image comes from, and nothing else is."""
    if attribute not in ("src", "href"):
        return value
    return value if value.lower().startswith("figure:") == (tag == "img") else None


def _sanitise(html: str, **allowed: Any) -> str:
    options = {"url_schemes": _SCHEMES, **allowed}
    return nh3.clean(html, url_relative="deny", link_rel="nofollow noopener noreferrer ugc", **options)


def _check_size(text: str) -> None:
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise Refused(f"expected at most {MAX_BYTES:,} bytes of text", field="body")
    if text.count("[") > MAX_BRACKETS:
        raise Refused(f"expected at most {MAX_BRACKETS} opening brackets [", field="body")
    paragraphs = re.split(r"\n[ \t]*\n", text)
    if sum(len(_OPEN.findall(part)) * len(part) for part in paragraphs) > MAX_BRACKET_STEPS:
        raise Refused("expected fewer opening brackets [ in one long paragraph", field="body")
    if any(_cells(part) > MAX_CELLS for part in paragraphs):
        raise Refused(f"expected at most {MAX_CELLS:,} cells in a table", field="body")
    if sum(word.count(".") * len(word) for word in _WORD.findall(text)) > MAX_DOT_STEPS:
        raise Refused("expected no word of thousands of letters and dots", field="body")
    if any(_depth(line) > MAX_DEPTH for line in text.split("\n")):
        raise Refused(f"expected at most {MAX_DEPTH} levels of lists and quotations", field="body")


def _cells(paragraph: str) -> int:
    lines = paragraph.split("\n")
    return len(lines) * (max(line.count("|") for line in lines) + 1)


def _depth(line: str) -> int:
    found = _NESTING.match(line)
    opening = found[0].expandtabs(4) if found else ""
    return len(re.findall(r">|[-*+] |[0-9]\.", opening)) + (len(opening) - len(opening.lstrip(" "))) // 4


class _MarkerProcessor(InlineProcessor):
    def handleMatch(  # type: ignore[override]  # noqa: N802
        self, m: re.Match[str], data: str
    ) -> tuple[str, int, int]:
        return m[0], m.start(0), m.end(0)


def _new_parser() -> Markdown:
    """A parser of its own for each text: a used one numbers the next text differently."""
    parser = Markdown(
        extensions=[
            TableExtension(use_align_attribute=True),
            SaneListExtension(),
            Nl2BrExtension(),
            DeleteSubExtension(subscript=False),  # a lone ~ is a range in Japanese: 9:00~18:00
            MagiclinkExtension(),
        ],
    )
    parser.preprocessors.deregister("html_block")
    parser.parser.blockprocessors.deregister("reference")
    parser.parser.blockprocessors.deregister("setextheader")
    for pattern in ("html", "reference", "short_reference", "image_reference", "short_image_ref"):
        parser.inlinePatterns.deregister(pattern)
    parser.inlinePatterns.register(_MarkerProcessor(MARKER, parser), "footnote_marker", 175)
    parser.ESCAPED_CHARS = list(string.punctuation)
    return parser
