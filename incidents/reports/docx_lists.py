"""The marks of lists that the word processor numbers itself: in the file they are no words."""

from collections import defaultdict

from docx.document import Document as File
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.text.paragraph import Paragraph

_DEEPEST_STYLE = 20


class Lists:
    def __init__(self, file: File) -> None:
        parts = [
            relation.target_part
            for relation in file.part.rels.values()
            if relation.reltype.endswith("/numbering") and not relation.is_external
        ]
        self.levels = _read_levels(parts[0].element) if parts else {}
        self.counted: dict[tuple[str, int], int] = {}

    def mark(self, paragraph: Paragraph) -> str:
        """`1. `, `- ` or nothing; each call counts the paragraph."""
        found = _find_numbering(paragraph)
        if found is None or found not in self.levels:
            return ""
        form, start = self.levels[found]
        if form in ("bullet", "none"):
            return "- " if form == "bullet" else ""
        number = self.counted.get(found, start - 1) + 1
        self.counted[found] = number
        for key in [key for key in self.counted if key[0] == found[0] and key[1] > found[1]]:
            del self.counted[key]
        return f"{number}. "


def _find_numbering(paragraph: Paragraph) -> tuple[str, int] | None:
    """(list, level) of the paragraph itself or of its style."""
    places = [paragraph._p.pPr]
    style = paragraph.style
    while style is not None and len(places) < _DEEPEST_STYLE:
        places.append(style.element.pPr)
        style = style.base_style
    for place in places:
        numbering = None if place is None else place.find(qn("w:numPr"))
        listing = None if numbering is None else _value(numbering, "numId")
        if numbering is not None and listing is not None:
            return (listing, int(_value(numbering, "ilvl") or 0)) if listing != "0" else None
    return None


def _read_levels(element: BaseOxmlElement) -> dict[tuple[str, int], tuple[str, int]]:
    """{(list, level): (form of its marks, first number)}"""
    abstract: dict[str, dict[int, tuple[str, int]]] = defaultdict(dict)
    for definition in element.findall(qn("w:abstractNum")):
        for level in definition.findall(qn("w:lvl")):
            form, start = _value(level, "numFmt") or "decimal", int(_value(level, "start") or 1)
            abstract[definition.get(qn("w:abstractNumId"), "")][int(level.get(qn("w:ilvl"), "0"))] = (
                form,
                start,
            )
    return {
        (listing.get(qn("w:numId"), ""), level): shown
        for listing in element.findall(qn("w:num"))
        for level, shown in abstract[_value(listing, "abstractNumId") or ""].items()
    }


def _value(element: BaseOxmlElement, tag: str) -> str | None:
    found = element.find(qn(f"w:{tag}"))
    return None if found is None else found.get(qn("w:val"))
