"""What a reader sees of rendered HTML: its words, one line per line, with list marks."""

import re
from html.parser import HTMLParser

_MARK = "{} \x00 "


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.lists: list[int | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("ol", "ul"):
            self.lists.append(int(dict(attrs).get("start") or 1) if tag == "ol" else None)
        if tag in ("ol", "ul", "p", "br", "li", "h1", "h2", "h3", "h4", "hr", "tr"):
            self.shown.append("\n")
        if tag == "li":
            number = self.lists[-1]
            self.shown.append(_MARK.format("-" if number is None else f"{number}."))
            self.lists[-1] = None if number is None else number + 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ol", "ul"):
            self.lists.pop()
        if tag in ("ol", "ul", "p", "li", "tr"):
            self.shown.append("\n")

    def handle_data(self, data: str) -> None:
        self.shown.append(data)


def show_words(html: str) -> list[str]:
    """The filled lines with their white space made one space; a list mark stands before its item."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.shown).split("\n")]
    return (
        re.sub(r" \x00\s*", " ", "\n".join(line for line in lines if line)).split("\n") if any(lines) else []
    )
