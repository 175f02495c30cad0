"""Mail over one kept SMTP connection, or into files while no mail server is set up."""

import os
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from incidents.notices.channel import Answer, Letter, Outcome, Sender
from incidents.notices.replies import Phase, judge_reply

_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True)
class Limits:
    """Seconds, and mails a connection. The wait after the dot is long: a short one makes duplicates."""

    connect: float = 10
    command: float = 30
    after_dot: float = 300
    total: float = 360
    connection_age: float = 60
    connection_mails: int = 100


class Watchdog:
    """Shuts the connection down when a conversation outlives its total.

    A socket's own timeout starts anew with every byte, so that a dripping server would hold us for ever.
    """

    def __init__(self, *, tick_seconds: float = 1) -> None:
        self._tick_seconds = tick_seconds
        self._smtp: smtplib.SMTP | None = None
        self._deadline = float("inf")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="smtp-watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        self._deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = float("inf")

    def guard(self, smtp: smtplib.SMTP | None) -> None:
        self._smtp = smtp

    def end(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(self._tick_seconds):
            sock = getattr(self._smtp, "sock", None)
            if sock is not None and time.monotonic() > self._deadline:
                with suppress(OSError):
                    # the plain method: SSLSocket's own would pull the TLS state away from under the reader
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


class SmtpSender:
    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._smtp: smtplib.SMTP | None = None
        self._opened_at = 0.0
        self._mails = 0
        self.meanwhile: Callable[[], None] = lambda: None
        self._watchdog = Watchdog(tick_seconds=min(1.0, self._limits.total / 4))

    def send(self, letter: Letter) -> Answer:
        with self._watchdog.limit(self._limits.total):
            was_kept = self._drop_worn_out()
            answer, phase = self._try(letter)
            if was_kept and answer.outcome is Outcome.RETRY and answer.code == "" and phase is not Phase.DATA:
                answer, _ = self._try(letter)  # the server had closed the idle connection
            return answer

    def close(self) -> None:
        self._watchdog.end()
        self._drop(politely=True)

    def _try(self, letter: Letter) -> tuple[Answer, Phase]:
        phase = Phase.CONNECT
        try:
            smtp = self._smtp or self._connect()
            for phase, code, text in self._converse(smtp, letter):
                if code >= 400 or code < 0:
                    self._reset(smtp, code)
                    return judge_reply(phase, code, text), phase
        except smtplib.SMTPResponseException as error:
            self._drop()
            return judge_reply(phase, error.smtp_code, _text(error.smtp_error)), phase
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self._drop()
            return Answer(_cut_off(phase), "", f"{phase}: {error or type(error).__name__}"[:300]), phase
        self._mails += 1
        return judge_reply(phase, code, text), phase

    def _converse(self, smtp: smtplib.SMTP, letter: Letter) -> Iterator[tuple[Phase, int, str]]:
        """Yields each phase's reply; a phase is named with code 0 before its reply is awaited.

        The envelope is one write where the server allows it (RFC 2920).
        """
        yield Phase.MAIL_FROM, 0, ""
        envelope = _envelope(letter)
        is_one_write = smtp.has_extn("pipelining")
        if is_one_write:
            smtp.send(b"".join(envelope.values()))
        for left, (phase, command) in zip((2, 1, 0), envelope.items(), strict=True):
            yield phase, 0, ""
            if not is_one_write:
                smtp.send(command)
            code, text = _reply(smtp.getreply())
            if phase is Phase.DATA and code != 354:
                code = max(code, 451)
            if code >= 400 and is_one_write:
                self._hear_out(smtp, left)
            yield phase, code, text
        # One write: a dot in a packet of its own waits for the delayed acknowledgement of the text. And it ends
        # here: with the next envelope behind the dot Nagle's algorithm lets through some fifty mails a second.
        smtp.send(_stuff_dots(letter.data) + b".\r\n")
        yield Phase.AFTER_DOT, 0, ""
        self.meanwhile()
        _set_timeout(smtp, self._limits.after_dot)
        reply = _reply(smtp.getreply())
        _set_timeout(smtp, self._limits.command)
        yield Phase.AFTER_DOT, *reply

    def _hear_out(self, smtp: smtplib.SMTP, left: int) -> None:
        """The replies to what was written already; a message that is now awaited is ended empty, for nobody."""
        try:
            replies = [smtp.getreply()[0] for _ in range(left)]
            if replies and replies[-1] == 354:
                smtp.send(b".\r\n")
                smtp.getreply()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _connect(self) -> smtplib.SMTP:
        smtp = _client(self._limits.connect)
        self._smtp = smtp
        self._watchdog.guard(smtp)
        smtp._host = settings.EMAIL_HOST  # type: ignore[attr-defined]  # TLS checks this name; only the constructor sets it
        code, text = smtp.connect(settings.EMAIL_HOST, settings.EMAIL_PORT)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        _set_timeout(smtp, self._limits.command)
        assert smtp.sock is not None
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            smtp.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        self._opened_at = time.monotonic()
        self._mails = 0
        return smtp

    def _drop_worn_out(self) -> bool:
        """Closes a connection past its age or count; tells whether one is still kept."""
        age = time.monotonic() - self._opened_at
        if self._mails >= self._limits.connection_mails or age > self._limits.connection_age:
            self._drop(politely=True)
        return self._smtp is not None

    def _reset(self, smtp: smtplib.SMTP, code: int) -> None:
        if code == 421:
            self._drop()
            return
        try:
            if smtp.rset()[0] != 250:
                self._drop(politely=True)
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self, *, politely: bool = False) -> None:
        smtp, self._smtp = self._smtp, None
        self._watchdog.guard(None)
        if smtp is None:
            return
        with suppress(OSError, smtplib.SMTPException, ValueError):
            if politely and smtp.sock is not None:
                _set_timeout(smtp, 2)
                smtp.quit()
        smtp.close()


class MailFolder:
    """Writes each mail as `<name>.eml`, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: Letter) -> Answer:
        target = self._folder / f"{letter.name}.eml"
        beside = self._folder / f".{letter.name}.{os.getpid()}.tmp"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(letter.data)
            beside.replace(target)
        except OSError as error:
            return Answer(Outcome.UNREACHABLE, "", str(error)[:300])
        return Answer(Outcome.SENT, "", "written to a file: no mail server is set up")

    def close(self) -> None:
        """Nothing is kept open."""


def open_sender() -> Sender:
    if settings.MAIL_SERVER is None:
        return MailFolder(Path(settings.MAIL_DIR))
    return SmtpSender()


def _client(connect_seconds: float) -> smtplib.SMTP:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    name = (
        f"[{host}]" if host.replace(".", "").isdigit() else host
    )  # RFC 5321: a literal, never a bare number
    if settings.EMAIL_USE_SSL:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(local_hostname=name, timeout=connect_seconds, context=context)
    return smtplib.SMTP(local_hostname=name, timeout=connect_seconds)


def _envelope(letter: Letter) -> dict[Phase, bytes]:
    """ValueError for an address that could end its command early."""
    if not set("\r\n<>").isdisjoint(letter.sender + letter.recipient):
        raise ValueError("the address cannot stand in a command")
    return {
        Phase.MAIL_FROM: f"MAIL FROM:<{letter.sender}>\r\n".encode("ascii"),
        Phase.RCPT: f"RCPT TO:<{letter.recipient}>\r\n".encode("ascii"),
        Phase.DATA: b"DATA\r\n",
    }


def _stuff_dots(data: bytes) -> bytes:
    return _LEADING_DOT.sub(b"..", data) if b"\n." in data or data.startswith(b".") else data


def _set_timeout(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def _reply(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], _text(answer[1])


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


def _cut_off(phase: Phase) -> Outcome:
    if phase is Phase.CONNECT:
        return Outcome.UNREACHABLE
    return Outcome.MAYBE_SENT if phase is Phase.AFTER_DOT else Outcome.RETRY
