"""The marks of lists that the word processor numbers itself: in the file they are no words."""

from collections.abc import Mapping
from dataclasses import dataclass

from docx.document import Document as File
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

_DEEPEST_STYLE = 20


@dataclass(frozen=True)
class Style:
    name: str
    based_on: str
    properties: BaseOxmlElement | None


def read_styles(file: File) -> dict[str, Style]:
    """All at once, by their ids: the library searches them anew for each paragraph."""
    return {
        style.get(qn("w:styleId"), ""): Style(
            (_value(style, "name") or "").lower(), _value(style, "basedOn") or "", style.find(qn("w:pPr"))
        )
        for style in file.styles.element.findall(qn("w:style"))
    }


class Lists:
    def __init__(self, file: File, styles: Mapping[str, Style]) -> None:
        self.styles = styles
        parts = [
            relation.target_part
            for relation in file.part.rels.values()
            if not relation.is_external and relation.reltype.endswith("/numbering")
        ]
        self.levels = _read_levels(parts[0].element) if parts else {}
        self.counted: dict[tuple[str, int], int] = {}

    def mark(self, paragraph: BaseOxmlElement) -> str:
        """`1. `, `- ` or nothing; each call counts the paragraph."""
        found = self._find_numbering(paragraph)
        if found is None or found not in self.levels:
            return ""
        form, start = self.levels[found]
        if form in ("bullet", "none"):
            return "- " if form == "bullet" else ""
        number = self.counted.get(found, start - 1) + 1
        self.counted[found] = number
        for deeper in [key for key in self.counted if key[0] == found[0] and key[1] > found[1]]:
            del self.counted[deeper]
        return f"{number}. "

    def _find_numbering(self, paragraph: BaseOxmlElement) -> tuple[str, int] | None:
        """(list, level) of the paragraph itself or of its style."""
        own = paragraph.find(qn("w:pPr"))
        places, style = [own], self.styles.get(find_style(paragraph))
        while style is not None and len(places) < _DEEPEST_STYLE:
            places.append(style.properties)
            style = self.styles.get(style.based_on)
        for place in places:
            numbering = None if place is None else place.find(qn("w:numPr"))
            listing = None if numbering is None else _value(numbering, "numId")
            if numbering is not None and listing is not None:
                return (listing, int(_value(numbering, "ilvl") or 0)) if listing != "0" else None
        return None


def find_style(paragraph: BaseOxmlElement) -> str:
    """The id of the paragraph's style, "" for the usual one."""
    properties = paragraph.find(qn("w:pPr"))
    return "" if properties is None else _value(properties, "pStyle") or ""


def _read_levels(element: BaseOxmlElement) -> dict[tuple[str, int], tuple[str, int]]:
    """{(list, level): (form of its marks, first number)}"""
    abstract = {
        definition.get(qn("w:abstractNumId"), ""): {
            int(level.get(qn("w:ilvl"), "0")): (
                _value(level, "numFmt") or "decimal",
                int(_value(level, "start") or 1),
            )
            for level in definition.findall(qn("w:lvl"))
        }
        for definition in element.findall(qn("w:abstractNum"))
    }
    return {
        (listing.get(qn("w:numId"), ""), level): shown
        for listing in element.findall(qn("w:num"))
        for level, shown in abstract.get(_value(listing, "abstractNumId") or "", {}).items()
    }


def _value(element: BaseOxmlElement, tag: str) -> str | None:
    found = element.find(qn(f"w:{tag}"))
    return None if found is None else found.get(qn("w:val"))
