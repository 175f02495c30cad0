"""Sends a marked message and waits for it, by IMAP or for word from where it arrived.

The wait may be hours long, so no check waits: each takes one step, and what it must know at the next one goes by
way of the result's memory. A step sends a message, finds that it has arrived, gives it up as lost, or sees that
it is still on its way, which repeats what came of the message before.
"""

import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from typing import Any

from incidents.lib import imap_talk, smtp_talk
from incidents.lib.connect import Unreachable, client_tls, connected, explain
from incidents.lib.errors import Refused
from incidents.lib.hosts import read_place
from incidents.lib.imap_talk import ImapTalk
from incidents.lib.outbound import Guard
from incidents.lib.smtp_talk import SmtpTalk
from incidents.lib.times import now
from incidents.monitors.reading import (
    Given,
    read_address,
    read_authorities,
    read_choice,
    read_line,
    read_whole,
)
from incidents.monitors.results import Result

MARKER_HEADER = "X-Status-Page-Marker"
SMTP_PORTS = {"starttls": 587, "ssl": 465, "none": 25}
IMAP_PORTS = {"ssl": 993, "starttls": 143, "none": 143}
NINE_HOURS, A_WEEK = 9 * 60, 7 * 24 * 60  # in minutes
ANYWHERE = Guard(("0.0.0.0/0", "::/0"))  # for the operator's own server, which the guard does not judge


@dataclass(frozen=True)
class Server:
    host: str
    port: int
    tls: str
    user: str = ""
    password: str = ""


@dataclass(frozen=True)
class Memory:
    """What goes from one check to the next: the message that is on its way, and what came of the one before."""

    marker: str = ""
    sent_at: datetime | None = None
    last_ok: bool | None = None

    def to_json(self) -> dict[str, Any]:
        sent_at = self.sent_at.isoformat() if self.sent_at else None
        return {"marker": self.marker, "sent_at": sent_at, "last_ok": self.last_ok}


@dataclass(frozen=True)
class Settings:
    """Without `mailbox` word must come from where the message arrives (`receipt_at`). What begins with `own` is
    the operator's; `key` marks all messages of one monitor, and is letters, digits and hyphens."""

    server: Server | None = None
    sender: str = ""
    mailbox: Server | None = None
    folder: str = "INBOX"
    limit_minutes: int = NINE_HOURS
    authorities: str = ""
    own_server: Server | None = None
    own_name: str = "localhost"
    key: str = "monitor"
    memory: Memory = Memory()
    receipt_at: datetime | None = None
    total_ms: int = 30_000


def read_settings(given: Given) -> Settings:
    settings = Settings(
        server=_read_server(given, "smtp", SMTP_PORTS),
        sender=read_address(given, "sender") or given.get("own_sender", ""),
        mailbox=_read_server(given, "imap", IMAP_PORTS),
        folder=read_line(given, "imap_folder", most=200) or Settings.folder,
        limit_minutes=read_whole(given, "limit_minutes", default=NINE_HOURS, least=1, most=A_WEEK),
        authorities=read_authorities(given),
        own_server=given.get("own_server"),
        own_name=given.get("own_name") or Settings.own_name,
        key=given.get("key", Settings.key),
    )
    if settings.server is None and settings.own_server is None:
        raise Refused("expected a mail server, since none is set up for this system", field="smtp_server")
    if settings.mailbox and not settings.mailbox.user:
        raise Refused("expected the mailbox's user", field="imap_user")
    memory = read_memory(given.get("memory") or {})
    receipt = given.get("receipt") or {}
    is_ours = bool(memory.marker) and receipt.get("marker") == memory.marker
    receipt_at = datetime.fromisoformat(receipt["at"]) if is_ours else None
    return replace(settings, memory=memory, receipt_at=receipt_at)


def read_memory(stored: Mapping[str, Any]) -> Memory:
    sent_at = stored.get("sent_at")
    return Memory(
        marker=stored.get("marker", ""),
        sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
        last_ok=stored.get("last_ok"),
    )


def _read_server(given: Given, which: str, ports: Mapping[str, int]) -> Server | None:
    """None where no server is named."""
    tls = read_choice(given, f"{which}_tls", tuple(ports))
    user, password = (read_line(given, f"{which}_{part}", most=500) for part in ("user", "password"))
    place = read_line(given, f"{which}_server", most=300)
    if not place:
        return None
    if password and tls == "none":
        raise Refused("expected TLS where a password is sent", field=f"{which}_tls")
    host, port = read_place(place, field=f"{which}_server", port=ports[tls])
    return Server(host, port, tls, user, password)


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    if not read_address({"target": target}, "target"):
        raise Refused("expected a mail address such as check@example.com", field="target")
    named = {"smtp_server": settings.server, "imap_server": settings.mailbox}
    return {field: server.host for field, server in named.items() if server}


async def check(target: str, settings: Settings, *, guard: Guard) -> Result:
    at = now()
    try:
        if settings.memory.sent_at is None:
            return await _send(target, settings, at, guard=guard)
        arrived_at = settings.receipt_at or await _find(settings, at, guard=guard)
    except (Unreachable, smtp_talk.Rejected, imap_talk.Rejected) as error:
        return Result(at, ok=False, detail=str(error))
    except OSError as error:
        return Result(at, ok=False, detail=explain(error))
    return _judge(settings, settings.memory.sent_at, arrived_at, at)


def _judge(settings: Settings, sent_at: datetime, arrived_at: datetime | None, at: datetime) -> Result:
    limit = timedelta(minutes=settings.limit_minutes)
    delay = max((arrived_at or at) - sent_at, timedelta())
    if arrived_at is not None:
        ok = delay <= limit
        why = f"arrived after {_spoken(delay)}" + ("" if ok else f", over the limit of {_spoken(limit)}")
        latency_ms = delay.total_seconds() * 1000
        return Result(at, ok, latency_ms, why, memory=Memory(last_ok=ok).to_json())
    if delay > limit:
        why = f"the message of {sent_at:%Y-%m-%d %H:%M} UTC has not arrived within {_spoken(limit)}"
        return Result(at, ok=False, detail=why, memory=Memory(last_ok=False).to_json())
    return _still(settings.memory, at, f"on its way for {_spoken(delay)}")


def _still(memory: Memory, at: datetime, what: str) -> Result:
    """No news: what came of the message before holds, and where there was none nothing is known yet."""
    is_known = memory.last_ok is not None
    return Result(at, ok=bool(memory.last_ok), detail=what, memory=memory.to_json(), is_final=is_known)


async def _send(target: str, settings: Settings, at: datetime, *, guard: Guard) -> Result:
    marker = f"{settings.key}-{secrets.token_hex(8)}"
    server = settings.server or settings.own_server
    assert server is not None
    tls = _tls(settings)
    at_once = tls if server.tls == "ssl" else None
    way = guard if settings.server else ANYWHERE
    async with connected(server.host, server.port, guard=way, tls=at_once) as connection:
        talk = SmtpTalk(connection, name=settings.own_name)
        await talk.greet()
        if server.tls == "starttls":
            await talk.encrypt(tls, host=server.host)
        if server.user:
            await talk.log_in(server.user, server.password)
        await talk.address(settings.sender, target)
        await talk.hand_over(_write(target, settings, marker, at))
        await talk.quit()
    return _still(replace(settings.memory, marker=marker, sent_at=at), at, "sent")


def _write(target: str, settings: Settings, marker: str, at: datetime) -> bytes:
    """The marker stands in the subject, which every mailbox can be searched by, and in a header of its own. No link:
    what scans mails on their way would follow it, and the message would seem to have arrived."""
    message = EmailMessage(policy=SMTP_LINES)
    message["From"], message["To"] = settings.sender, target
    message["Subject"] = f"Round trip {marker}"
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{marker}@{settings.own_name}>"
    message["Auto-Submitted"] = "auto-generated"
    message[MARKER_HEADER] = marker
    message.set_content("A monitor sent this message to see that it arrives. It may be deleted.\n")
    return message.as_bytes()


async def _find(settings: Settings, at: datetime, *, guard: Guard) -> datetime | None:
    """When the message came in, and takes it and its late forerunners out of the mailbox."""
    mailbox, memory = settings.mailbox, settings.memory
    if mailbox is None:
        return None
    tls = _tls(settings)
    at_once = tls if mailbox.tls == "ssl" else None
    async with connected(mailbox.host, mailbox.port, guard=guard, tls=at_once) as connection:
        talk = ImapTalk(connection)
        await talk.greet()
        if mailbox.tls == "starttls":
            await talk.encrypt(tls, host=mailbox.host)
        await talk.log_in(mailbox.user, mailbox.password)
        await talk.select(settings.folder)
        found = await talk.search_subject(memory.marker)
        if found:
            said_at = await talk.arrival_of(found[0])
            await talk.remove(await talk.search_subject(settings.key))
        await talk.log_out()
    return _believed(said_at, memory.sent_at, at) if found else None


def _believed(said_at: datetime | None, sent_at: datetime | None, at: datetime) -> datetime:
    """The mailbox's own word, in whole seconds, where its clock agrees with ours; else now, when it was found."""
    if said_at is None or sent_at is None or not sent_at - timedelta(seconds=5) <= said_at <= at:
        return at
    return max(said_at, sent_at)


def _tls(settings: Settings) -> ssl.SSLContext:
    return client_tls(authorities=settings.authorities)


def _spoken(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h {seconds % 3600 // 60} min"
