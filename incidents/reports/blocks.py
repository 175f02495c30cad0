"""A text's rendered HTML as the blocks that a printed edition sets, with the words of the text edition."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

_STYLES = ("strong", "em", "del", "code")


@dataclass(frozen=True)
class Run:
    """A piece of one line, or `\\n` where a line ends; `styles` of strong, em, del and code."""

    text: str
    styles: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True)
class Paragraph:
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Rule:
    pass


@dataclass(frozen=True)
class Figure:
    name: str
    alternative: str
    caption: str


@dataclass(frozen=True)
class Quote:
    blocks: "tuple[Block, ...]"


@dataclass(frozen=True)
class Item:
    """`number` None: a dash. `is_loose`: a blank line stands between it and another such item."""

    number: int | None
    blocks: "tuple[Block, ...]"
    is_loose: bool = False


@dataclass(frozen=True)
class Listing:
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Cell:
    runs: tuple[Run, ...]
    align: str = ""


@dataclass(frozen=True)
class Table:
    """The first row is the head."""

    rows: tuple[tuple[Cell, ...], ...]


Block = Paragraph | Heading | Code | Rule | Figure | Quote | Listing | Table


def read_blocks(html: str) -> tuple[Block, ...]:
    """The blocks of what `render_with_figures` answers."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return tuple(builder.finish())


def split_lines(runs: tuple[Run, ...]) -> Iterator[tuple[Run, ...]]:
    line: list[Run] = []
    for run in runs:
        if run.text == "\n":
            yield tuple(line)
            line = []
        else:
            line.append(run)
    yield tuple(line)


@dataclass
class _List:
    number: int | None
    items: list[Item] = field(default_factory=list)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.flows: list[list[Block]] = [[]]
        self.lists: list[_List] = []
        self.is_loose = [False]
        self.rows: list[list[Cell]] = []
        self.align = ""
        self.runs: list[Run] = []
        self.styles: list[str] = []
        self.link, self.link_start = "", 0
        self.is_heading = self.is_code = False

    def finish(self) -> list[Block]:
        self._end_paragraph()
        return self.flows[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _STYLES:
            self.styles.append(tag)
        elif tag == "a":
            self.link, self.link_start = values.get("href", ""), len(self.runs)
        elif tag == "br":
            self.runs.append(Run("\n"))
        elif tag in ("th", "td"):
            self.align = values.get("align", "")
        elif tag == "tr":
            self.rows.append([])
        else:
            self._end_paragraph()
            self._begin_block(tag, values)

    def _begin_block(self, tag: str, values: dict[str, str]) -> None:
        if tag == "img":
            name = values["src"].partition(":")[2]
            self.flows[-1].append(Figure(name, values.get("alt", ""), values.get("title", "")))
        elif tag == "hr":
            self.flows[-1].append(Rule())
        elif tag in ("ul", "ol"):
            self.lists.append(_List(int(values.get("start") or 1) if tag == "ol" else None))
        elif tag in ("li", "blockquote"):
            self.flows.append([])
            self.is_loose.append(False)
        elif tag == "p" and not self.flows[-1]:
            self.is_loose[-1] = True
        self.is_heading, self.is_code = tag in ("h3", "h4"), tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _STYLES:
            self.styles.pop()
        elif tag == "a":
            self._end_link()
        elif tag in ("th", "td"):
            self.rows[-1].append(Cell(self._take_runs(), self.align))
        elif tag != "tr":
            self._end_paragraph()
            self._end_block(tag)

    def _end_block(self, tag: str) -> None:
        if tag == "blockquote":
            quoted = tuple(self.flows.pop())
            self.is_loose.pop()
            self.flows[-1].append(Quote(quoted))
        elif tag == "li":
            listing, blocks = self.lists[-1], tuple(self.flows.pop())
            listing.items.append(Item(listing.number, blocks, self.is_loose.pop()))
            listing.number = None if listing.number is None else listing.number + 1
        elif tag in ("ul", "ol"):
            self.flows[-1].append(Listing(tuple(self.lists.pop().items)))
        elif tag == "table":
            self.flows[-1].append(Table(tuple(map(tuple, self.rows))))
            self.rows = []
        self.is_heading = self.is_code = False

    def handle_data(self, data: str) -> None:
        if self.is_code or self.runs or data.strip():
            pieces = [piece for line in data.split("\n") for piece in (line, "\n")][:-1]
            self.runs += [Run(piece, tuple(self.styles), self.link) for piece in pieces if piece]

    def _end_link(self) -> None:
        """As the text edition has it: `text (url)`, or the address alone where the text is the address."""
        label = "".join(run.text for run in self.runs[self.link_start :])
        link, self.link = self.link, ""
        shown = (link, link.removeprefix("mailto:"), link.partition("//")[2])
        if link and label not in shown:
            self.runs.append(Run(f" ({link})", tuple(self.styles), link))

    def _end_paragraph(self) -> None:
        if self.is_code:
            text = "".join(run.text for run in self.runs).strip("\n")
            self.runs = []
            self.flows[-1] += [Code(text)] if text else []
        elif runs := self._take_runs():
            self.flows[-1].append(Heading(runs) if self.is_heading else Paragraph(runs))

    def _take_runs(self) -> tuple[Run, ...]:
        runs, self.runs = self.runs, []
        return tuple(_trim(runs))


def _trim(runs: list[Run]) -> Iterator[Run]:
    """Without space around the lines, and without empty lines."""
    lines = [_strip(list(line)) for line in split_lines(tuple(runs))]
    for place, line in enumerate(filter(None, lines)):
        if place:
            yield Run("\n")
        yield from line


def _strip(line: list[Run]) -> list[Run]:
    while line and not line[0].text.strip():
        line = line[1:]
    while line and not line[-1].text.strip():
        line = line[:-1]
    if line:
        line[0] = replace(line[0], text=line[0].text.lstrip())
        line[-1] = replace(line[-1], text=line[-1].text.rstrip())
    return line
