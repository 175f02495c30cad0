"""What an SMTP reply means for the message: pure."""

import re
from enum import StrEnum

from incidents.notices.channel import Answer, Outcome


class Phase(StrEnum):
    CONNECT = "connect"
    MAIL_FROM = "mail from"
    RCPT = "rcpt"
    DATA = "data"
    AFTER_DOT = "after dot"


_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_PATIENCE = re.compile(r"\brate\b|throttl|too (many|much|fast)|slow down|quota exceeded", re.IGNORECASE)
_GREYLISTED = re.compile(r"gr[ea]y.?list", re.IGNORECASE)
_OUR_CODES = (501, 503, 530, 535)
_LOGIN_CODES = (530, 535)
_NOT_OF_RECIPIENT = (421, 454, 503, 530, 535)
_FULL_MAILBOX = "5.2.2"
_BAD_ADDRESS = "5.1."


def judge_reply(phase: Phase, code: int, text: str) -> Answer:
    """`text` is the reply without its code; an enhanced status in it decides where the code is vague."""
    line = " ".join(text.split())[:300]
    found = _ENHANCED.search(line)
    enhanced = found.group(1) if found else ""
    outcome = _outcome(phase, code, enhanced)
    return Answer(
        outcome,
        str(code),
        line,
        is_about_recipient=phase in (Phase.RCPT, Phase.AFTER_DOT) and code not in _NOT_OF_RECIPIENT,
        is_about_us=code in _LOGIN_CODES or (phase is Phase.MAIL_FROM and outcome is Outcome.OUR_FAULT),
        asks_patience=outcome is Outcome.RETRY and _asks_patience(enhanced, line),
    )


def _asks_patience(enhanced: str, line: str) -> bool:
    """Greylisting is about one message: others to the domain need not wait for it."""
    if _GREYLISTED.search(line):
        return False
    return enhanced.startswith("4.7.") or bool(_PATIENCE.search(line))


def _outcome(phase: Phase, code: int, enhanced: str) -> Outcome:
    if phase is Phase.AFTER_DOT and 200 <= code < 300:
        return Outcome.SENT
    if phase is Phase.CONNECT:
        return Outcome.UNREACHABLE
    if enhanced == _FULL_MAILBOX or code == 552:
        return Outcome.RETRY
    if phase is Phase.RCPT and code >= 500 and enhanced.startswith(_BAD_ADDRESS):
        return Outcome.FAILED
    if code in _OUR_CODES or enhanced.startswith("5.7."):
        return Outcome.OUR_FAULT
    if 500 <= code < 600:
        return Outcome.OUR_FAULT if phase is Phase.MAIL_FROM else Outcome.FAILED
    return Outcome.RETRY
