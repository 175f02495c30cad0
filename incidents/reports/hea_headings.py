"""Which lines of a text edition are its six headings."""

import re

from incidents.reports.document import Language
from incidents.reports.words import WORDS, name_zone

_MARK = re.compile(r"■\s*")


def find_heading(line: str, language: Language) -> int | None:
    """The place of a heading in the order of blocks; any other line that begins with `■` is text."""
    mark = _MARK.match(line)
    if mark is None:
        return None
    text = line[mark.end() :].strip()
    for place, heading in enumerate(WORDS[language].headings):
        name, zoned, _ = heading.partition("（" if language == "ja" else " (")
        if text == heading or (zoned and text.startswith(name + zoned)):
            return place
    return None


def read_zone(line: str, language: Language) -> str:
    """The IANA name of the zone that a period's heading states; "" where it states none."""
    heading = next(heading for heading in WORDS[language].headings if "{zone}" in heading)
    form = re.escape(heading).replace(re.escape("{zone}"), "(?P<zone>.+)")
    found = re.search(f"{form}$", line)
    if found is None:
        return ""
    named = {shown: zone for zone, shown in WORDS[language].zones.items()}
    if found["zone"] in named:
        return named[found["zone"]]
    zone = re.split(r"/(?=[^/]*$)" if language == "ja" else ", ", found["zone"])[0]
    return zone if name_zone(zone, language) == found["zone"] else ""
