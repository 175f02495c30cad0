"""XML out of texts that may hold anything."""

import re
from xml.etree import ElementTree as ET

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold, not even escaped."""
    return _FORBIDDEN.sub("", text)


def element(tag: str, text: str | None = None, /, **attributes: str) -> ET.Element:
    """`xml_lang` is the attribute `xml:lang`."""
    names = {name.replace("_", ":"): clean(value) for name, value in attributes.items()}
    made = ET.Element(tag, names)
    made.text = None if text is None else clean(text)
    return made


def document(root: ET.Element) -> bytes:
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body
