"""Alerts by mail, of systems that can do nothing else: which word of a mail says that something fires or is over,
and by which part of it two mails are known to speak of the same thing."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import MOST_LABELS, Heard
from incidents.lib.errors import Refused
from incidents.lib.patterns import check_pattern, find_in

MOST_WORDS, LONGEST_WORD = 50, 100
MOST_SUBJECT, MOST_TEXT, MOST_LINES = 500, 4_000, 100

FIRING = (
    *("FIRING", "PROBLEM", "DOWN", "TRIGGERED", "ALARM", "CRITICAL", "CRIT", "WARNING", "WARN"),
    *("UNREACHABLE", "FAILED", "障害", "異常", "警告", "障害発生", "異常発生", "障害検知", "異常検知"),
)
RESOLVED = (
    *("RESOLVED", "RECOVERY", "RECOVERED", "UP", "OK", "CLEARED", "CLEAR", "CLOSED"),
    *("復旧", "回復", "正常", "障害復旧", "障害回復", "障害解消", "異常なし", "異常解消"),
    *("障害が復旧", "障害は復旧", "障害から復旧"),
)
NEITHER = (
    *("ACKNOWLEDGEMENT", "ACKNOWLEDGED", "DOWNTIMESTART", "DOWNTIMEEND", "DOWNTIMECANCELLED"),
    *("FLAPPINGSTART", "FLAPPINGSTOP", "FLAPPINGDISABLED", "CUSTOM"),
)
"""What Nagios and its kin also write: nothing begins or ends by it."""

_SEVERITIES = ("CRITICAL", "CRIT", "DISASTER", "MAJOR", "MINOR", "WARNING", "WARN")
_LEVELS = (*_SEVERITIES, "UNKNOWN", "UNREACHABLE", "PENDING", "INFO")
_UNITS = r"(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
# What differs between two mails about the same: how long, when, how much.
_CHANGING = re.compile(
    rf"\b(?:in|for|after)\s+(?:\d{{1,6}}\s?{_UNITS}\b\s*){{1,4}}|\(\s*(?:\d{{1,6}}\s?{_UNITS}\b\s*){{1,4}}\)"
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\b\d{1,2}:\d{2}(?::\d{2})?\b|\d{1,9}(?:\.\d{1,9})?\s?%"
)
_FORWARDED = re.compile(r"^\s*(?:(?:fwd?|wg|tr|転送)\s*[:：]\s*)+", re.IGNORECASE)
_ANSWERED = re.compile(r"^\s*(?:re|aw|sv|antw|返信)\s*[:：]", re.IGNORECASE)
_BETWEEN = re.compile(r"[^\w./:@+-]+")
_FIELD = re.compile(r"([^\W\d_][\w /.()-]{0,38})[:：]\s*(?!//)(\S.*)")


@dataclass(frozen=True)
class Mail:
    """`text` is its words without markup; `sent_at` None where it is no instant."""

    subject: str
    sender: str = ""
    text: str = ""
    sent_at: datetime | None = None


@dataclass(frozen=True)
class MailReading:
    """The first of the words decides, in the subject, else in the text; behind an arrow (OK -> CRITICAL) first.

    `key` is a pattern of RE2 whose group names the thing; where it is empty or not found, the subject without
    everything that changes does.
    """

    firing: tuple[str, ...] = FIRING
    resolved: tuple[str, ...] = RESOLVED
    key: str = ""


def read_mail(reading: MailReading, mail: Mail) -> list[Heard]:
    """Empty for an answer of somebody's, and for a mail without one of the words."""
    subject = _FORWARDED.sub("", unicodedata.normalize("NFKC", mail.subject[:MOST_SUBJECT]))
    if _ANSWERED.match(subject):
        return []
    text = unicodedata.normalize("NFKC", mail.text[:MOST_TEXT])
    state = _state(reading, subject) or _state(reading, text)
    if state not in ("firing", "resolved"):
        return []
    found = find_in(reading.key, f"{subject}\n{text}") if reading.key else ""
    word = _words(_SEVERITIES).search(subject)
    return [
        Heard(
            key=fields.key(fields.text(found) or stem_of(subject, reading)),
            firing=state == "firing",
            title=fields.text(mail.subject),
            severity=fields.severity({"crit": "critical"}.get(word[0].lower(), word[0])) if word else "",
            at=mail.sent_at,
            labels=fields.labels({"subject": mail.subject, "from": mail.sender}, dict(_fields_of(text))),
        )
    ]


def stem_of(subject: str, reading: MailReading) -> str:
    """What mails about one thing have alike, in small letters; never empty."""
    known = _words((*reading.firing, *reading.resolved, *NEITHER, *FIRING, *RESOLVED, *_LEVELS))
    bare = _CHANGING.sub(" ", known.sub(" ", subject.casefold()))
    words = (word.strip("./:@+-") for word in _BETWEEN.split(bare))
    return " ".join(filter(None, words)) or "mail"


def read_reading(stored: Any) -> MailReading:
    """Refused names the field that could not be used; what is not there is as usual."""
    if not isinstance(stored, Mapping):
        raise Refused("expected the words that mails hold", field="mapping")
    key = stored.get("key") or ""
    if not isinstance(key, str):
        raise Refused("expected a regular expression", field="key")
    if key:
        check_pattern(key, field="key")
    return MailReading(_read_words(stored, "firing", FIRING), _read_words(stored, "resolved", RESOLVED), key)


def _read_words(stored: Mapping[str, Any], name: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    words = stored.get(name) or usual
    if not isinstance(words, list | tuple) or len(words) > MOST_WORDS:
        raise Refused(f"expected at most {MOST_WORDS} words", field=name)
    if not all(isinstance(word, str) and 0 < len(word.strip()) <= LONGEST_WORD for word in words):
        raise Refused("expected words that stand in the subject, such as PROBLEM", field=name)
    return tuple(unicodedata.normalize("NFKC", word.strip()) for word in words)


def _state(reading: MailReading, said: str) -> str:
    """`firing`, `resolved`, `neither`, or empty where none of the words is there."""
    meaning = {
        **{word.casefold(): "neither" for word in NEITHER},
        **{word.casefold(): "firing" for word in reading.firing},
        **{word.casefold(): "resolved" for word in reading.resolved},
    }
    known = _words(tuple(meaning))
    after = re.split(r"->|=>|→", said, maxsplit=1)
    found = (known.search(after[1]) if len(after) > 1 else None) or known.search(said)
    return meaning[found[1].casefold()] if found else ""


@lru_cache(maxsize=64)
def _words(words: Sequence[str]) -> "re.Pattern[str]":
    """Any of them, the longest first, with the number that some put behind it; Latin ones as whole words alone."""
    longest_first = sorted(set(words), key=lambda word: (-len(word), word))
    return re.compile(f"({'|'.join(map(_bounded, longest_first))})(?::\\d+)?", re.IGNORECASE)


def _bounded(word: str) -> str:
    before = r"(?<![^\W_])" if word[0].isascii() and word[0].isalnum() else ""
    after = r"(?![^\W_])" if word[-1].isascii() and word[-1].isalnum() else ""
    return before + re.escape(word) + after


def _fields_of(text: str) -> Iterator[tuple[str, str]]:
    """`Host: web1`, as many systems write below one another; names in small letters."""
    count = 0
    for line in text.splitlines()[:MOST_LINES]:
        found = _FIELD.match(line.strip())
        if found and count < MOST_LABELS:
            count += 1
            yield found[1].strip().lower(), found[2]
