"""Reads what comes back to the sender of a mail: delivery reports (RFC 3464), complaints (RFC 5965), automatic
and human replies. Pure, and never raises: anybody may write anything to the address.

It tells what the message says, not whether it is to be believed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message
from enum import StrEnum

from incidents.lib.bounce_codes import MOST_CHARACTERS, Verdict, judge_code, judge_text
from incidents.lib.lines import one_line
from incidents.lib.mail_parts import (
    addresses_in,
    header_of,
    inner_parts,
    parse_mail,
    parts_of,
    text_of,
    type_of,
)

MOST_WORDS = 300
MOST_RECIPIENTS = 100

# Where the copy of the mail begins: what stands behind it are words of ours, which may name any code.
_COPY = re.compile(
    r"^(-{2,} ?(below this line|original message|this is a copy|the header of|included is a copy|returned message)"
    r"|received: |return-path: |message-id: )",
    re.IGNORECASE | re.MULTILINE,
)
_DAEMONS = re.compile(
    r"(mailer-daemon|postmaster|mail-daemon|mdaemon)@|mail delivery (sub)?system", re.IGNORECASE
)
_FAILURES = re.compile(
    r"undeliver|delivery (status|failure|has failed)|failure notice|returned mail|mail delivery"
    r"|配信不能|配信できません|送信できません|未達|エラー",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"will (keep|continue)( on)? (to )?try|will be retried|still being retried|has been delayed|再送を(続け|試み)",
    re.IGNORECASE,
)
_COMPLAINTS = ("abuse", "fraud", "opt-out", "opt-out-list", "other")
_REPORTS = ("message/delivery-status", "message/global-delivery-status")


class Kind(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    AUTOMATIC = "automatic"  # an auto-reply, or a report of no failure
    PERSONAL = "personal"  # a human's reply, or anything else


@dataclass(frozen=True)
class Failure:
    """Of one recipient; `addresses` is what the report calls it, in lower case."""

    verdict: Verdict
    code: str = ""
    words: str = ""
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Returned:
    """`delivered_to` is where the message went, by its own headers; `about` the sender of the mail complained of."""

    kind: Kind
    failures: tuple[Failure, ...] = ()
    delivered_to: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


def read_returned(raw: bytes) -> Returned:
    message = parse_mail(raw)
    parts = parts_of(message)
    delivered_to = addresses_in(header_of(message, name) for name in ("Delivered-To", "X-Original-To", "To"))
    feedback = next((part for part in parts if type_of(part) == "message/feedback-report"), None)
    if feedback is not None:
        return _read_complaint(feedback, parts, delivered_to)
    report = next((part for part in parts if type_of(part) in _REPORTS), None)
    if report is not None:
        failures = tuple(_read_report(report))
        kind = Kind.BOUNCE if failures else Kind.AUTOMATIC
        return Returned(kind, failures=failures, delivered_to=delivered_to)
    is_receipt = any(type_of(part) == "message/disposition-notification" for part in parts)
    if is_receipt or _is_automatic(message):
        return Returned(Kind.AUTOMATIC, delivered_to=delivered_to)
    if _is_from_a_server(message):
        return _read_prose(parts, delivered_to)
    return Returned(Kind.PERSONAL, delivered_to=delivered_to)


def pick_failure(failures: tuple[Failure, ...], address: str) -> Failure | None:
    """What was said of `address`, or of nobody by name. A report about others only is never hard: `address` may be
    a list, of which only one member is gone."""
    own = (failure for failure in failures if address in failure.addresses or not failure.addresses)
    found = next(own, None)
    if found is not None or not failures:
        return found
    verdict = Verdict.SOFT if failures[0].verdict is Verdict.HARD else failures[0].verdict
    return replace(failures[0], verdict=verdict)


def _read_complaint(feedback: Message, parts: list[Message], delivered_to: tuple[str, ...]) -> Returned:
    """Of whose mail it is about tell the report, or the copy of the mail that comes with it."""
    fields = next(iter(_blocks(feedback)), {})
    is_complaint = fields.get("feedback-type", "").strip().lower() in _COMPLAINTS
    about = addresses_in([fields.get("original-mail-from", ""), *_senders_in_copies(parts)])
    return Returned(
        Kind.COMPLAINT if is_complaint else Kind.AUTOMATIC, delivered_to=delivered_to, about=about
    )


def _senders_in_copies(parts: list[Message]) -> Iterator[str]:
    for part in parts:
        payload = part.get_payload()
        if type_of(part) == "message/rfc822" and isinstance(payload, list):
            yield from (header_of(copy, "Return-Path") for copy in payload if isinstance(copy, Message))
        elif type_of(part) == "text/rfc822-headers":
            yield header_of(message_from_bytes(text_of(part).encode("utf-8", "replace")), "Return-Path")


def _read_report(report: Message) -> Iterator[Failure]:
    """Delays, relays and deliveries are no failures."""
    for fields in _blocks(report)[: MOST_RECIPIENTS + 1]:
        if fields.get("action", "").split("(")[0].strip().lower() != "failed":
            continue
        words = _words_of(fields.get("diagnostic-code", ""))
        judged, code = judge_text(f"{fields.get('status', '')} {words}")
        status = fields.get("status", "").split("(")[0].strip()
        if code and status == code:
            judged = judge_code(status)
        yield Failure(
            judged,
            code or status[:10],
            words or _words_of(fields.get("status", "")),
            addresses_in(fields.get(name, "") for name in ("original-recipient", "final-recipient")),
        )


def _blocks(part: Message) -> list[dict[str, str]]:
    """The fields of a report, block by block. The parser keeps each block as a message, the first as a message
    with the others as its text, or all as one text."""
    if not part.is_multipart():
        return _blocks_in(text_of(part))
    return [fields for block in inner_parts(part) for fields in (_fields(block), *_blocks_in(text_of(block)))]


def _blocks_in(text: str) -> list[dict[str, str]]:
    blocks = filter(str.strip, re.split(r"\r?\n[ \t]*\r?\n", text))
    return [_fields(message_from_bytes(block.encode("utf-8", "replace"))) for block in blocks]


def _fields(block: Message) -> dict[str, str]:
    return {str(name).lower(): str(value)[:MOST_CHARACTERS] for name, value in block.items()}


def _read_prose(parts: list[Message], delivered_to: tuple[str, ...]) -> Returned:
    """A bounce in a server's own words, as qmail, some Exchange servers and mobile carriers write."""
    said = "\n".join(text_of(part) for part in parts if type_of(part) in ("text/plain", "text/html"))
    copy = _COPY.search(said)
    said = said[: copy.start()] if copy else said
    if _DELAY.search(said[:MOST_CHARACTERS]):
        return Returned(Kind.AUTOMATIC, delivered_to=delivered_to)
    verdict, code = judge_text(said)
    failure = Failure(verdict, code, _telling_line(said, code), addresses_in([said[:MOST_CHARACTERS]]))
    return Returned(Kind.BOUNCE, failures=(failure,), delivered_to=delivered_to)


def _telling_line(text: str, code: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return _words_of(next((line for line in lines if code and code in line), " ".join(lines)))


def _is_automatic(message: Message) -> bool:
    submitted = header_of(message, "Auto-Submitted").split(";")[0].strip().lower()
    precedence = header_of(message, "Precedence").strip().lower()
    is_marked = submitted not in ("", "no") or precedence in ("auto_reply", "bulk", "junk", "list")
    is_marked |= any(name in message for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply"))
    return is_marked and not _tells_of_failure(message)


def _is_from_a_server(message: Message) -> bool:
    has_null_sender = header_of(message, "Return-Path").strip() == "<>"
    return bool(_DAEMONS.search(header_of(message, "From"))) or (
        has_null_sender and _tells_of_failure(message)
    )


def _tells_of_failure(message: Message) -> bool:
    is_of_server = bool(_DAEMONS.search(header_of(message, "From")))
    return is_of_server or (
        bool(_FAILURES.search(header_of(message, "Subject")))
        and header_of(message, "Return-Path").strip() in ("", "<>")
    )


def _words_of(text: str) -> str:
    """Without the words of the field's type (`smtp; 550 …`) and without what a console must not print."""
    said = text.partition(";")[2] if re.match(r"\s*[a-z-]{1,20};", text, re.IGNORECASE) else text
    return one_line(said)[:MOST_WORDS]
