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
_OUR_CODES = (501, 503, 530, 535)
_NOT_OF_RECIPIENT = (421, 503, 530, 535)
_FULL_MAILBOX = "5.2.2"


def judge_reply(phase: Phase, code: int, text: str) -> Answer:
    """`text` is the reply without its code; an enhanced status in it decides where the code is vague."""
    line = " ".join(text.split())[:300]
    found = _ENHANCED.search(line)
    outcome = _outcome(phase, code, found.group(1) if found else "")
    return Answer(
        outcome, str(code), line, is_about_recipient=phase is Phase.RCPT and code not in _NOT_OF_RECIPIENT
    )


def _outcome(phase: Phase, code: int, enhanced: str) -> Outcome:
    if phase is Phase.AFTER_DOT and 200 <= code < 300:
        return Outcome.SENT
    if phase is Phase.CONNECT:
        return Outcome.UNREACHABLE
    if enhanced == _FULL_MAILBOX or code == 552:
        return Outcome.RETRY
    if code in _OUR_CODES or enhanced.startswith("5.7."):
        return Outcome.OUR_FAULT
    if 500 <= code < 600:
        return Outcome.OUR_FAULT if phase is Phase.MAIL_FROM else Outcome.FAILED
    return Outcome.RETRY
