"""The items that a report's section of measures lists, as action items that somebody may take on."""

import re

from incidents.lib.plain_text import plain

LONGEST = 500
_ITEM = re.compile(r"(?:[0-9０-９]{1,3}[.．)）]|[-・*])\s*(?=\S)")
_MARKER = re.compile(r"\s*\(\\?\*[0-9]+\)")


def list_items(section: str) -> list[str]:
    """One line each, without number and footnote markers; where no line is an item, each paragraph is one."""
    blocks = [block for block in _blocks(plain(section)) if not _MARKER.match(block)]
    items = [_ITEM.sub("", block, count=1) for block in blocks if _ITEM.match(block)]
    return [_MARKER.sub("", item)[:LONGEST].strip() for item in (items or blocks)]


def _blocks(text: str) -> list[str]:
    """Items and paragraphs, each on one line: lines that follow an item belong to it."""
    blocks: list[str] = []
    is_new = True
    for line in (line.strip() for line in text.split("\n")):
        if line and (is_new or _ITEM.match(line)):
            blocks.append(line)
        elif line:
            blocks[-1] = _join(blocks[-1], line)
        is_new = not line
    return blocks


def _join(first: str, second: str) -> str:
    """Japanese has no space where a line ends."""
    return f"{first} {second}" if first[-1].isascii() and second[0].isascii() else first + second
