"""What came back: bounces (RFC 3464, and the plain words of servers that do not speak it) and complaints
(RFC 5965), read from a message as it arrived. Pure; anyone may write anything into such a message.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from incidents.models import MailEventKind

LONGEST_WORDS = 300
HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox or domain, for good. All else may pass, or is about us (5.7.x), and counts as soft."""

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_VAGUE = re.compile(r"[245]\.0\.0")
_COPY = re.compile(
    r"^[\s>]*(-{2,}.*(copy|original|message|returned|header)|received:|return-path:|content-type: message/)",
    re.IGNORECASE | re.MULTILINE,
)
_DAEMON = re.compile(r"\b(mailer-daemon|postmaster|mail delivery (sub)?system)\b", re.IGNORECASE)
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "opt-out", "opt-out-list", "other"})
_LONGEST_TEXT = 20_000


@dataclass(frozen=True)
class Returned:
    """One thing that came back, in the words of the server that said it."""

    kind: MailEventKind
    code: str = ""
    words: str = ""


@dataclass(frozen=True)
class Parsed:
    """`sender` is the envelope sender of the mail complained of, where the report quotes it."""

    events: tuple[Returned, ...] = ()
    sender: str = ""


def read_returned(raw: bytes) -> Parsed:
    """Nothing for what is neither bounce nor complaint: replies, receipts, notes of absence. Never raises."""
    try:
        return _read(message_from_bytes(raw))
    except Exception:  # the standard library's parser meets some garbage with errors of its own
        return Parsed()


def judge_code(code: str) -> MailEventKind:
    """What an enhanced status of a failed mail means for the address."""
    return MailEventKind.HARD if code in HARD else MailEventKind.SOFT


def first_code(text: str) -> str:
    """The first enhanced status in it, or nothing; parts of IP addresses are none."""
    found = _STATUS.search(text)
    return found.group(1) if found else ""


def is_vague(code: str) -> bool:
    """Whether it says no more than that something failed."""
    return bool(_VAGUE.fullmatch(code))


def tidy(text: str) -> str:
    """On one line, without control characters, cut to what is kept."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:LONGEST_WORDS]


def _read(message: Message) -> Parsed:
    parts = list(message.walk())
    feedback = next((part for part in parts if _is(part, "message/feedback-report")), None)
    if feedback is not None:
        return _read_complaint(_fields(feedback))
    if any(_is(part, "message/disposition-notification") for part in parts):
        return Parsed()
    status = next((part for part in parts if _is_status(part)), None)
    if status is not None:
        return Parsed(tuple(_read_status(status)))
    if _is(message, "multipart/report") or _is_of_daemon(message):
        return Parsed((_read_words(parts),))
    return Parsed()


def _is(part: Message, content_type: str) -> bool:
    return part.get_content_type() == content_type


def _is_status(part: Message) -> bool:
    return part.get_content_type() in ("message/delivery-status", "message/global-delivery-status")


def _is_of_daemon(message: Message) -> bool:
    """Else a person's reply that names a version number would be a bounce."""
    if message["X-Failed-Recipients"]:
        return True
    return bool(_DAEMON.search(str(message["From"] or ""))) and not _is_auto_reply(message)


def _is_auto_reply(message: Message) -> bool:
    return bool(message["X-Autoreply"] or message["X-Autorespond"]) or (
        str(message["Precedence"] or "").strip().lower() == "auto_reply"
    )


def _read_complaint(fields: Message) -> Parsed:
    kind = _value(fields, "Feedback-Type").lower()
    if kind not in _COMPLAINTS:
        return Parsed()
    words = f"{kind}: {_value(fields, 'User-Agent')}".rstrip(": ")
    return Parsed((Returned(MailEventKind.COMPLAINT, "", tidy(words)),), _value(fields, "Original-Mail-From"))


def _read_status(part: Message) -> Iterator[Returned]:
    """One for each recipient that failed for good; what is delayed is still being tried."""
    for fields in _blocks(part):
        if _value(fields, "Action").lower() != "failed":
            continue
        _, _, diagnostic = _value(fields, "Diagnostic-Code").rpartition("smtp;")
        code = first_code(_value(fields, "Status"))
        if not code or is_vague(code):
            code = first_code(diagnostic) or code
        yield Returned(judge_code(code), code, tidy(diagnostic or _value(fields, "Status")))


def _read_words(parts: list[Message]) -> Returned:
    text = _COPY.split(next(filter(None, map(_text, parts)), ""), maxsplit=1)[0]
    line = next((line for line in text.splitlines() if _STATUS.search(line)), "")
    code = first_code(line)
    return Returned(judge_code(code), code, tidy(line or text))


def _fields(part: Message) -> Message:
    blocks = _blocks(part)
    return blocks[0] if blocks else part


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _value(fields: Message, name: str) -> str:
    return " ".join(str(fields[name] or "").split())


def _text(part: Message) -> str:
    if part.get_content_maintype() != "text":
        return ""
    payload = part.get_payload(decode=True)
    return payload[:_LONGEST_TEXT].decode("utf-8", "replace") if isinstance(payload, bytes) else ""
