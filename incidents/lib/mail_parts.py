"""Parts, headers and words of a mail that anybody may have written: bounded, and nothing raises."""

import re
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from html import unescape

MOST_CHARACTERS = 64 * 1024
MOST_PARTS = 50
MOST_ADDRESSES = 100

_TAG = re.compile(r"<([^<>]*)>")
_HIDDEN = frozenset({"head", "script", "style", "title"})
_LINES = frozenset({"br", "div", "h1", "h2", "h3", "li", "p", "table", "tr"})
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:]{1,64}@[^\s<>()\[\]\",;:]{1,190}")


def parse_mail(raw: bytes) -> Message:
    """The parser calls itself for each level; of what is nested deeper than any server writes, the head is enough."""
    try:
        return message_from_bytes(raw, policy=policy.compat32)
    except RecursionError:
        return BytesHeaderParser(policy=policy.compat32).parsebytes(raw)


def parts_of(message: Message) -> list[Message]:
    """Down to, but not into, the copy of the mail."""
    found: list[Message] = []
    waiting = [message]
    while waiting and len(found) < MOST_PARTS:
        part = waiting.pop(0)
        found.append(part)
        if type_of(part).startswith("multipart/"):
            waiting.extend(inner_parts(part))
    return found


def inner_parts(part: Message) -> list[Message]:
    """Asked for a text as it stands, the library would decode it, and raise where it names an odd charset."""
    payload = part.get_payload() if part.is_multipart() else []
    return [inner for inner in payload if isinstance(inner, Message)]


def type_of(part: Message) -> str:
    return part.get_content_type().lower()


def header_of(message: Message, name: str) -> str:
    """All headers of that name, decoded as far as they can be."""
    return " ".join(_decoded(str(value)[:2000]) for value in message.get_all(name, [])[:20])


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError, MessageError):
        return value


def text_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    raw = payload[: MOST_CHARACTERS * 4]
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")[:MOST_CHARACTERS]
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")[:MOST_CHARACTERS]


def addresses_in(texts: Iterable[str]) -> tuple[str, ...]:
    found = (match.lower() for text in texts for match in _ADDRESS.findall(text))
    return tuple(dict.fromkeys(found))[:MOST_ADDRESSES]


def words_of(message: Message) -> str:
    """What the mail says to a reader: its plain text, or its HTML without markup. Attachments say nothing."""
    shown = [part for part in parts_of(message) if part.get_content_disposition() != "attachment"]
    plain = [text for part in shown if type_of(part) == "text/plain" and (text := text_of(part)).strip()]
    html = [_without_markup(text_of(part)) for part in shown if type_of(part) == "text/html"]
    return "\n".join(plain or html)[:MOST_CHARACTERS]


def _without_markup(text: str) -> str:
    """In one pass, whatever is left open; every tag may be the end of a line."""
    kept: list[str] = []
    hidden = ""
    for index, piece in enumerate(_TAG.split(text)):
        name = piece.strip("/ ").partition(" ")[0].lower()
        if index % 2 == 0:
            kept.append("" if hidden else piece)
        elif hidden:
            hidden = "" if piece.startswith("/") and name == hidden else hidden
        else:
            hidden = name if name in _HIDDEN and not piece.startswith("/") else ""
            kept.append("\n" if name in _LINES else " ")
    lines = (" ".join(line.split()) for line in unescape("".join(kept)).splitlines())
    return "\n".join(filter(None, lines))
