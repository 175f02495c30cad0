"""A mail server on loopback that speaks TLS and takes passwords, and the mailbox behind it by IMAP."""

import asyncio
import re
import socket
import ssl
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.streams import serving_streams

USER, PASSWORD = "probe@example.com", 'pass "word" ö\\'


@dataclass
class Mail:
    """In a mailbox; `arrived_at` is what IMAP calls its internal date."""

    uid: int
    raw: bytes
    arrived_at: datetime
    is_deleted: bool = False

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass
class Mailbox:
    """`delays` mail while it is set: they are kept in `held`. `said` is every command of the clients of IMAP."""

    mails: list[Mail] = field(default_factory=list)
    held: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    delays: bool = False
    offers_plain: bool = True
    offers_single_expunge: bool = True
    login_fails: bool = False
    port: int = 0
    _serial: int = 0

    def take(self, raw: bytes, *, arrived_at: datetime | None = None) -> None:
        if self.delays:
            self.held.append(raw)
            return
        self._serial += 1
        self.mails.append(Mail(self._serial, raw, arrived_at or datetime.now(UTC)))

    def deliver(self, *, arrived_at: datetime | None = None) -> None:
        """What was held arrives."""
        self.delays, held, self.held = False, self.held, []
        for raw in held:
            self.take(raw, arrived_at=arrived_at)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := (await reader.readline()).decode().strip():
            tag, _, command = line.partition(" ")
            self.said.append(command)
            if command == "AUTHENTICATE PLAIN":
                writer.write(b"+ \r\n")
                given = b64decode(await reader.readline()).decode().split("\0")[1:]
                answer = self._admit(given)
            else:
                answer = self._answer(command, writer)
            writer.write(f"{tag} {answer}\r\n".encode())
            await writer.drain()

    def _admit(self, given: list[str]) -> str:
        return "OK" if given == [USER, PASSWORD] and not self.login_fails else "NO [AUTHENTICATIONFAILED] no"

    def _answer(self, command: str, writer: asyncio.StreamWriter) -> str:
        if command == "CAPABILITY":
            writer.write(b"* CAPABILITY IMAP4rev1" + b" AUTH=PLAIN" * self.offers_plain + b"\r\n")
        elif found := re.fullmatch(r'LOGIN "(.*)" "(.*)"', command):
            return self._admit([re.sub(r"\\(.)", r"\1", part) for part in found.groups()])
        elif found := re.fullmatch(r'SELECT "(.*)"', command):
            return "OK" if found[1] == "INBOX" else "NO no such folder"
        elif found := re.fullmatch(r'UID SEARCH SUBJECT "(.*)"', command):
            uids = [str(mail.uid) for mail in self.mails if found[1] in str(mail.message["Subject"])]
            writer.write(f"* SEARCH {' '.join(uids)}\r\n".encode())
        elif found := re.fullmatch(r"UID FETCH (\d+) \(INTERNALDATE\)", command):
            [mail] = [mail for mail in self.mails if mail.uid == int(found[1])]
            # a literal beside it, as servers may send unasked
            writer.write(f"* 1 FETCH (UID {mail.uid} BODY[TEXT] {{7}}\r\nm1 OK\r\n".encode())
            writer.write(f' INTERNALDATE "{mail.arrived_at:%d-%b-%Y %H:%M:%S %z}")\r\n'.encode())
        elif found := re.fullmatch(r"UID STORE ([\d,]+) \+FLAGS.SILENT \(\\Deleted\)", command):
            for mail in self.mails:
                mail.is_deleted |= str(mail.uid) in found[1].split(",")
        elif found := re.fullmatch(r"UID EXPUNGE ([\d,]+)", command):
            if not self.offers_single_expunge:
                return "BAD unknown command"
            self.mails = [m for m in self.mails if not (m.is_deleted and str(m.uid) in found[1].split(","))]
        elif command != "LOGOUT":
            return "BAD unknown command"
        return "OK done"


@dataclass
class Post:
    """Takes mail for the mailbox. `at_rcpt` and `at_dot` are said to the next ones; `left` counts polite leaves."""

    mailbox: Mailbox = field(default_factory=Mailbox)
    at_rcpt: list[str] = field(default_factory=list)
    at_dot: list[str] = field(default_factory=list)
    rcpts: list[str] = field(default_factory=list)
    left: int = 0
    port: int = 0

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        self.left += 1
        return "221 Bye"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.rcpts.append(address)
        if self.at_rcpt:
            return self.at_rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.at_dot:
            return self.at_dot.pop(0)
        self.mailbox.take(cast(bytes, envelope.original_content))
        return "250 OK"


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    given = cast(LoginPassword, data)
    return AuthResult(
        success=(given.login.decode(), given.password.decode()) == (USER, PASSWORD), handled=False
    )


class _Controller(Controller):
    def _trigger_server(self) -> None:
        self.port = cast(asyncio.Server, self.server).sockets[0].getsockname()[1]
        if self.ssl_context is None:
            super()._trigger_server()
            return
        unverified = ssl.create_default_context()
        unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port)) as plain, unverified.wrap_socket(plain):
            pass


@contextmanager
def serving_smtp(
    post: Post, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Post]:
    """With `starttls` it demands that and a password before it takes anything."""
    demands: dict[str, Any] = {
        "tls_context": starttls,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": _authenticate,
    }
    controller = _Controller(
        post, hostname="127.0.0.1", port=0, ssl_context=tls, ident="post", **(demands if starttls else {})
    )
    controller.start()
    post.port = controller.port
    try:
        yield post
    finally:
        controller.stop()


@contextmanager
def serving_imap(mailbox: Mailbox, *, tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    with serving_streams(mailbox.talk, tls=tls) as served:
        mailbox.port = served.port
        yield mailbox
