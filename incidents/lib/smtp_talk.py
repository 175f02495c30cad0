"""The client's side of SMTP over a connection of `connect`. Deadlines are the caller's."""

import re
import ssl
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass

from incidents.lib.connect import Connection, encrypt, hear_line

MOST_REPLY_LINES = 100
MOST_WORDS = 150


class Rejected(Exception):
    """The server did not say what was hoped for; `str()` tells what it said, for staff."""


@dataclass(frozen=True)
class Reply:
    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.text.split())}"[:MOST_WORDS].strip()


class SmtpTalk:
    """`name` is the one this client greets with. Methods raise Rejected, and OSError where the connection broke."""

    def __init__(self, connection: Connection, *, name: str) -> None:
        self._connection = connection
        self._name = name
        self.extensions: frozenset[str] = frozenset()

    async def greet(self) -> None:
        """Waits for the server's greeting and introduces itself."""
        _expect(await self._hear(), 220, after="the connection")
        await self._introduce()

    async def encrypt(self, tls: ssl.SSLContext, *, host: str) -> None:
        if "STARTTLS" not in self.extensions:
            raise Rejected("STARTTLS is not offered")
        await self.say("STARTTLS", hoping=220)
        await encrypt(self._connection, tls, name=host)
        await self._introduce()

    async def log_in(self, user: str, password: str) -> None:
        if not any(extension.startswith("AUTH ") and " PLAIN" in extension for extension in self.extensions):
            raise Rejected("AUTH PLAIN is not offered")
        secret = b64encode(f"\0{user}\0{password}".encode()).decode()
        await self.say(f"AUTH PLAIN {secret}", hoping=235)

    async def address(self, sender: str, recipient: str) -> None:
        await self.say(f"MAIL FROM:<{sender}>", hoping=250)
        await self.say(f"RCPT TO:<{recipient}>", hoping=250, or_else=251)

    async def hand_over(self, message: bytes) -> None:
        """`message` has the line ends of SMTP."""
        await self.say("DATA", hoping=354)
        _, writer = self._connection
        writer.write(re.sub(rb"^\.", b"..", message, flags=re.MULTILINE) + b"\r\n.\r\n")
        await writer.drain()
        _expect(await self._hear(), 250, after="the message")

    async def quit(self) -> None:
        """Takes leave; what the server makes of it is no matter any more."""
        with suppress(OSError, Rejected):
            await self.say("QUIT", hoping=221)

    async def say(self, line: str, *, hoping: int, or_else: int = 0) -> Reply:
        _, writer = self._connection
        writer.write(line.encode() + b"\r\n")
        await writer.drain()
        reply = await self._hear()
        if reply.code not in (hoping, or_else):
            raise Rejected(f"{line.split(' ')[0]}: {reply}")
        return reply

    async def _introduce(self) -> None:
        reply = await self.say(f"EHLO {self._name}", hoping=250)
        self.extensions = frozenset(line.strip().upper() for line in reply.text.split("\n")[1:])

    async def _hear(self) -> Reply:
        reader, _ = self._connection
        lines: list[str] = []
        for _ in range(MOST_REPLY_LINES):
            raw = await hear_line(reader)
            found = re.fullmatch(
                r"([2-5][0-9]{2})(?:([ -])(.*))?", raw.decode(errors="replace").rstrip("\r\n")
            )
            if found is None:
                break
            lines.append(found[3] or "")
            if found[2] != "-":
                return Reply(int(found[1]), "\n".join(lines))
        raise Rejected("what the server says is not SMTP")


def _expect(reply: Reply, code: int, *, after: str) -> None:
    if reply.code != code:
        raise Rejected(f"after {after}: {reply}")
