"""HTML as a mail client reads it: its elements, and what of them leads to another machine."""

from collections.abc import Iterator
from html.parser import HTMLParser

Element = tuple[str, dict[str, str]]
_LOADING = ("src", "srcset", "background", "poster", "data", "action", "formaction", "cite", "manifest")


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def elements_of(html: str) -> list[Element]:
    parser = _Elements()
    parser.feed(html)
    parser.close()
    return parser.found


def loads_of(html: str) -> Iterator[str]:
    """What is fetched without a click, or runs: nothing, in a mail that keeps its reader's secrets."""
    for tag, attributes in elements_of(html):
        if tag in ("script", "link", "iframe", "object", "embed", "img", "video", "audio", "form", "base"):
            yield tag
        for name, value in attributes.items():
            leads_away = name in _LOADING or (name == "href" and tag != "a") or name.startswith("on")
            if leads_away or (name == "style" and "url(" in value.lower()):
                yield f"{tag} {name}={value}"
    css = html.lower()
    yield from (word for word in ("url(", "@import", "@font-face", "javascript:") if word in css)
