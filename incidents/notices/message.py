"""A mail prepared once per notice and language; only what is personal is filled in for each reader.

Building MIME costs two hundred times what filling in does, and a fan-out has thousands of readers.
"""

import binascii
import secrets
from dataclasses import dataclass, fields
from email.header import Header
from email.utils import quote

from incidents.lib.dkim import Signer

CRLF = b"\r\n"
BASE64_LINE = 76


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
class Prepared:
    marks: Marks
    head: str
    text: str
    html: str
    boundary: str

    def fill(self, personal: Personal, signer: Signer | None = None) -> bytes:
        head, text, html = (self._personalise(part, personal) for part in (self.head, self.text, self.html))
        line = f"--{self.boundary}".encode()
        body = CRLF.join([line, _part("plain", text), line, _part("html", html), line + b"--", b""])
        signature = signer.header(head, body) if signer else ""
        return CRLF.join([(signature + head).encode("ascii"), body])

    def _personalise(self, part: str, personal: Personal) -> str:
        for name in _PERSONAL:
            part = part.replace(getattr(self.marks, name), getattr(personal, name))
        return part


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
    return Prepared(marks, head, _crlf(text), _crlf(html), boundary)


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


def _part(kind: str, text: str) -> bytes:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    encoded = binascii.b2a_base64(text.encode(), newline=False)
    lines = [encoded[at : at + BASE64_LINE] for at in range(0, len(encoded), BASE64_LINE)]
    return head.encode() + CRLF.join([*lines, b""])
