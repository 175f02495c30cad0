"""Takes in an alert that came by mail: which source it is of is told by the address it went to."""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from enum import StrEnum

from incidents.actions.alert import keep_event
from incidents.alerts.addresses import find_addressed
from incidents.alerts.formats.mail import Mail, read_mail, read_reading
from incidents.alerts.intake import to_json
from incidents.lib import times
from incidents.lib.mail_parts import addresses_in, header_of, parse_mail, words_of
from incidents.lib.returned_mail import Kind, read_returned
from incidents.queries.deliveries import is_mail_to

TO = ("Delivered-To", "X-Original-To", "To", "Cc")
MOST_HOPS = 50
LONGEST_ID = 200
OLDEST, NEWEST = timedelta(days=7), timedelta(minutes=5)
"""A date that is further off says more of the sender's clock than of the alert."""

_MARKS = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")
_OUR_MESSAGE = re.compile(r"<([0-9a-f]{32})@", re.IGNORECASE)


class TakenMail(StrEnum):
    KEPT = "an alert"
    KNOWN = "an alert that came before"
    NO_STATE = "no word in it says that something fires or is over"
    OFF = "its source is switched off"
    BOUNCE = "a bounce or a complaint, not an alert"
    ANSWER = "an automatic reply, not an alert"
    OURS = "a mail of our own, not an alert"
    LOOP = "a mail that goes in circles"


def take_alert_mail(raw: bytes, recipients: Iterable[str]) -> TakenMail | None:
    """None where it went to no source's address. `recipients` as for mails that come back. TooManyEvents where the
    source sends more than it may: the mail server is to keep it for a while."""
    message, now = parse_mail(raw), times.now()
    went_to = addresses_in(header_of(message, name) for name in TO)
    source = find_addressed(" ".join([*recipients, *went_to]), now=now)
    if source is None:
        return None
    if not source.enabled:
        return TakenMail.OFF
    if (wrong := _is_no_alert(raw, message)) is not None:
        return wrong
    heard = read_mail(read_reading(source.mapping), _mail_of(message, now=now))
    if not heard:
        return TakenMail.NO_STATE
    is_news = keep_event(source, [to_json(one) for one in heard], event_id=_id_of(message))
    return TakenMail.KEPT if is_news else TakenMail.KNOWN


def _is_no_alert(raw: bytes, message: Message) -> TakenMail | None:
    """Monitoring, too, marks its mails as written by a machine: what counts is that they answer nobody."""
    if len(message.get_all("Received", [])) > MOST_HOPS:
        return TakenMail.LOOP
    if (
        read_returned(raw).kind in (Kind.BOUNCE, Kind.COMPLAINT)
        or message.get_content_type() == "multipart/report"
    ):
        return TakenMail.BOUNCE
    submitted = header_of(message, "Auto-Submitted").split(";")[0].strip().lower()
    precedence = header_of(message, "Precedence").strip().lower()
    if submitted == "auto-replied" or precedence == "auto_reply" or any(name in message for name in _MARKS):
        return TakenMail.ANSWER
    ours = _OUR_MESSAGE.match(header_of(message, "Message-ID").strip())
    return TakenMail.OURS if ours and is_mail_to(ours[1].lower(), "") else None


def _mail_of(message: Message, *, now: datetime) -> Mail:
    return Mail(
        subject=header_of(message, "Subject"),
        sender=parseaddr(header_of(message, "From"))[1],
        text=words_of(message),
        sent_at=_date_of(message, now=now),
    )


def _date_of(message: Message, *, now: datetime) -> datetime | None:
    try:
        at = parsedate_to_datetime(header_of(message, "Date"))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at.astimezone(UTC) if -NEWEST <= now - at <= OLDEST else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _id_of(message: Message) -> str:
    """Its Message-ID, or what stands for one: a mail server that was interrupted delivers a mail again."""
    given = header_of(message, "Message-ID").strip()
    if given.isascii() and given.isprintable() and 0 < len(given) <= LONGEST_ID:
        return given
    parts = [given or header_of(message, "Date"), header_of(message, "Subject"), words_of(message)]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
