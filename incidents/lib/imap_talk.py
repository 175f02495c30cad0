"""The client's side of IMAP over a connection of `connect`, as far as finding and removing messages goes."""

import re
import ssl
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from incidents.lib.connect import Connection, encrypt, hear_line

MOST_LINES = 1000
MOST_LITERAL_BYTES = 64 * 1024


class Rejected(Exception):
    """The server did not say what was hoped for; `str()` tells what it said, for staff."""


class ImapTalk:
    """Methods raise Rejected, and OSError where the connection broke. Deadlines are the caller's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._serial = 0

    async def greet(self) -> None:
        line = await self._hear()
        if not line.upper().startswith("* OK"):
            raise Rejected(f"after the connection: {line}")

    async def encrypt(self, tls: ssl.SSLContext, *, host: str) -> None:
        await self.say("STARTTLS")
        await encrypt(self._connection, tls, name=host)

    async def log_in(self, user: str, password: str) -> None:
        """By AUTHENTICATE PLAIN, which takes any letters; by LOGIN where that is not offered."""
        offered = " ".join(await self.say("CAPABILITY")).upper().split()
        if "AUTH=PLAIN" not in offered:
            await self.say(f"LOGIN {_quoted(user)} {_quoted(password)}")
            return
        tag = await self._send("AUTHENTICATE PLAIN")
        if not (line := await self._hear()).startswith("+"):
            raise Rejected(f"AUTHENTICATE: {line}")
        _, writer = self._connection
        writer.write(b64encode(f"\0{user}\0{password}".encode()) + b"\r\n")
        await writer.drain()
        await self._until(tag, "AUTHENTICATE")

    async def select(self, folder: str) -> None:
        await self.say(f"SELECT {_quoted(folder)}")

    async def search_subject(self, words: str) -> list[int]:
        """The UIDs of the messages whose subject holds these words, which are letters, digits and hyphens."""
        lines = await self.say(f'UID SEARCH SUBJECT "{words}"')
        found = [line.split()[2:] for line in lines if line.upper().startswith("* SEARCH")]
        return [int(word) for words in found for word in words if word.isdigit()]

    async def arrival_of(self, uid: int) -> datetime | None:
        """When the server took the message in, as it says."""
        for line in await self.say(f"UID FETCH {uid} (INTERNALDATE)"):
            found = re.search(r'INTERNALDATE "([^"]+)"', line, re.IGNORECASE)
            if found:
                with suppress(ValueError):
                    return datetime.strptime(found[1].strip(), "%d-%b-%Y %H:%M:%S %z")
        return None

    async def remove(self, uids: Iterable[int]) -> None:
        """These messages alone: where the server cannot remove single ones they are left as deleted."""
        listed = ",".join(map(str, uids))
        if not listed:
            return
        await self.say(f"UID STORE {listed} +FLAGS.SILENT (\\Deleted)")
        with suppress(Rejected):
            await self.say(f"UID EXPUNGE {listed}")

    async def log_out(self) -> None:
        with suppress(OSError, Rejected):
            await self.say("LOGOUT")

    async def say(self, command: str) -> list[str]:
        """What the server says before it is done with the command."""
        return await self._until(await self._send(command), command.split(" ")[0])

    async def _send(self, command: str) -> str:
        self._serial += 1
        tag = f"m{self._serial}"
        _, writer = self._connection
        writer.write(f"{tag} {command}\r\n".encode())
        await writer.drain()
        return tag

    async def _until(self, tag: str, verb: str) -> list[str]:
        lines: list[str] = []
        for _ in range(MOST_LINES):
            line = await self._hear()
            if line.startswith(f"{tag} "):
                if line[len(tag) + 1 :].upper().startswith("OK"):
                    return lines
                raise Rejected(f"{verb}: {line[len(tag) + 1 :]}")
            lines.append(line)
        raise Rejected(f"{verb}: more than {MOST_LINES} lines")

    async def _hear(self) -> str:
        """One line with the literals in it."""
        reader, _ = self._connection
        heard = b""
        while True:
            heard += (await hear_line(reader)).rstrip(b"\r\n")
            literal = re.search(rb"\{([0-9]{1,9})\}$", heard)
            if literal is None:
                return heard.decode(errors="replace")
            if int(literal[1]) > MOST_LITERAL_BYTES:
                raise Rejected("what the server says is too long")
            heard += await reader.readexactly(int(literal[1]))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
