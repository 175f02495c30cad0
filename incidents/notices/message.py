"""A mail prepared once per notice and language; only what is personal is filled in for each reader.

Building MIME costs two hundred times what filling in does, and a fan-out has thousands of readers.
"""

import binascii
import re
import secrets
from dataclasses import dataclass, fields
from email.header import Header
from email.utils import quote

from incidents.lib.dkim import Signer

CRLF = b"\r\n"
BASE64_LINE = 76
BASE64_LINE_OF = 57
"""Bytes that make a whole line."""


@dataclass(frozen=True)
class Personal:
    """Everything of a message that depends on its reader; ASCII, checked by the caller."""

    recipient: str
    message_id: str
    date: str
    unsubscribe_url: str
    last_only_url: str


@dataclass(frozen=True)
class Headers:
    """`thread` and `list_id` may be empty: a personal mail is in no thread and on no list."""

    subject: str
    sender: str
    sender_name: str
    reply_to: str
    thread: str
    list_id: str
    list_name: str
    help_url: str


class Marks(Personal):
    """Stand-ins for the personal parts, random so that no text of staff can hold one."""


@dataclass(frozen=True)
class Template:
    """A text cut at its marks: `pieces` stand before, between and behind what is personal."""

    pieces: tuple[bytes, ...]
    names: tuple[str, ...]

    def fill(self, personal: Personal) -> bytes:
        filled = [self.pieces[0]]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            filled += (getattr(personal, name).encode("ascii"), piece)
        return b"".join(filled)


@dataclass(frozen=True)
class Part:
    """One form of the body. `begun` holds the lines that are the same for every reader, encoded once."""

    begun: bytes
    rest: Template

    def fill(self, personal: Personal) -> bytes:
        return self.begun + _base64_lines(self.rest.fill(personal))


@dataclass(frozen=True)
class Prepared:
    head: Template
    text: Part
    html: Part
    boundary: str

    def fill(self, personal: Personal, signer: Signer | None = None) -> bytes:
        head, text, html = (part.fill(personal) for part in (self.head, self.text, self.html))
        line = f"--{self.boundary}".encode()
        body = CRLF.join([line, text, line, html, line + b"--", b""])
        signature = signer.header(head.decode("ascii"), body) if signer else ""
        return CRLF.join([signature.encode("ascii") + head, body])


_PERSONAL = tuple(field.name for field in fields(Personal))


def new_marks() -> Marks:
    nonce = secrets.token_hex(8)
    return Marks(**{name: f"{nonce}{name}" for name in _PERSONAL})


def prepare(headers: Headers, *, marks: Marks, text: str, html: str) -> Prepared:
    boundary = f"=_{secrets.token_hex(12)}"
    lines = [
        ("From", f"{_display(headers.sender_name, 'From')} <{headers.sender}>"),
        ("To", marks.recipient),
        ("Subject", _unstructured(headers.subject, "Subject")),
        ("Date", marks.date),
        ("Message-ID", f"<{marks.message_id}>"),
        *_optional("Reply-To", headers.reply_to),
        *_optional("In-Reply-To", headers.thread),
        *_optional("References", headers.thread),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        *_list_lines(headers, marks),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    plain, rich = (_part(kind, _crlf(body), marks) for kind, body in (("plain", text), ("html", html)))
    return Prepared(_template(head.encode("ascii"), marks), plain, rich, boundary)


def _template(text: bytes, marks: Marks) -> Template:
    names = {getattr(marks, name).encode(): name for name in _PERSONAL}
    pieces = re.split(b"(" + b"|".join(names) + b")", text)
    return Template(tuple(pieces[::2]), tuple(names[mark] for mark in pieces[1::2]))


def _part(kind: str, text: str, marks: Marks) -> Part:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    whole = _template(text.encode(), marks)
    first, *others = whole.pieces
    begun = len(first) - len(first) % BASE64_LINE_OF
    rest = Template((first[begun:], *others), whole.names)
    return Part(head.encode() + _base64_lines(first[:begun]), rest)


def _crlf(text: str) -> str:
    return "\r\n".join(text.splitlines()) + "\r\n"


def _list_lines(headers: Headers, marks: Marks) -> list[tuple[str, str]]:
    if not headers.list_id:
        return []
    return [
        ("List-Id", f"{_display(headers.list_name, 'List-Id')} <{headers.list_id}>"),
        ("List-Unsubscribe", f"<{marks.unsubscribe_url}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Help", f"<{headers.help_url}>"),
    ]


def _optional(name: str, value: str) -> list[tuple[str, str]]:
    return [(name, value)] if value else []


def _unstructured(value: str, name: str) -> str:
    """Encoded and folded where it is not plain; `value` holds no control characters (`frame.one_line`)."""
    charset = "us-ascii" if _is_plain(value) else "utf-8"
    return Header(value, charset, header_name=name).encode(linesep="\r\n")


def _display(name: str, header_name: str) -> str:
    return f'"{quote(name)}"' if _is_plain(name) else _unstructured(name, header_name)


def _is_plain(value: str) -> bool:
    """What looks encoded already is encoded once more, so that it is read as it was written."""
    return value.isascii() and "=?" not in value


def _base64_lines(raw: bytes) -> bytes:
    encoded = binascii.b2a_base64(raw, newline=False)
    return b"".join(encoded[at : at + BASE64_LINE] + CRLF for at in range(0, len(encoded), BASE64_LINE))
