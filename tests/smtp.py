"""A real SMTP server on loopback that records what it takes and answers as it is told."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.WARNING)  # several lines a mail, of thousands


@dataclass(frozen=True)
class Received:
    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)


@dataclass
class Sink:
    """`at_rcpt` and `at_dot` hold the replies of a recipient's next attempts; then it is accepted.

    A reply may also be "hang" (answer nothing more) or "drop" (cut the connection), after the dot or, with
    `at_data`, when DATA is asked for.
    """

    port: int = 0
    seconds_a_mail: float = 0
    offers_pipelining: bool = True
    seconds_for: dict[str, float] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    at_mail_from: list[str] = field(default_factory=list)
    at_rcpt: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    at_data: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    at_dot: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    _loop: asyncio.AbstractEventLoop | None = None
    _transports: list[asyncio.Transport] = field(default_factory=list)
    _controller: "_Controller | None" = None

    def cut_all(self) -> None:
        """Ends every connection, as a server does with idle ones."""
        assert self._loop is not None
        for transport in self._transports:
            self._loop.call_soon_threadsafe(transport.close)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01), self._loop).result()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens meanwhile, and every conversation is cut off."""
        assert self._controller is not None
        self.cut_all()
        self._controller.stop()
        try:
            yield
        finally:
            self._listen()

    def _listen(self) -> None:
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=10)
        self._controller.start()
        self.port = self._controller.port

    @property
    def copies(self) -> Counter[str]:
        return Counter(received.recipient for received in self.received)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        more = ["250-PIPELINING"] if self.offers_pipelining else []
        return [*responses[:-1], *more, responses[-1]]

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.at_mail_from:
            return self.at_mail_from.pop(0)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.at_rcpt[address]:
            return self.at_rcpt[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        recipient = envelope.rcpt_tos[0]
        content = cast(bytes, envelope.original_content)
        await asyncio.sleep(self.seconds_for.get(recipient, self.seconds_a_mail))
        reply = self.at_dot[recipient].pop(0) if self.at_dot[recipient] else "250 OK"
        if reply.startswith(("2", "hang", "drop")):
            self.received.append(Received(str(envelope.mail_from), recipient, content))
        if reply == "hang":
            await asyncio.sleep(30)
        if reply == "drop":
            _cut(server)
        return reply


class _Server(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        sink = cast(Sink, self.event_handler)
        recipients = self.envelope.rcpt_tos if self.envelope else []
        if recipients and sink.at_data[recipients[0]]:
            sink.at_data[recipients[0]].pop(0)
            _cut(self)
            return
        await super().smtp_DATA(arg)

    def connection_made(self, transport: Any) -> None:
        sink = cast(Sink, self.event_handler)
        sink.connections += 1
        sink._loop = asyncio.get_running_loop()
        sink._transports.append(cast(asyncio.Transport, transport))
        super().connection_made(transport)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, hostname="sink.example", ident="sink", data_size_limit=0)

    def _trigger_server(self) -> None:
        self.port = cast(asyncio.Server, self.server).sockets[0].getsockname()[1]
        super()._trigger_server()


def _cut(server: SMTP) -> None:
    cast(asyncio.Transport, server.transport).abort()


@contextmanager
def running_sink(*, seconds_a_mail: float = 0) -> Iterator[Sink]:
    sink = Sink(seconds_a_mail=seconds_a_mail)
    sink._listen()
    sink.connections = 0  # the controller made one to see that it runs
    try:
        yield sink
    finally:
        assert sink._controller is not None
        sink._controller.stop()


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    with running_sink() as running:
        settings.MAIL_SERVER = f"127.0.0.1:{running.port}"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.SITE_URL = "http://status.example"
        settings.DEFAULT_FROM_EMAIL = "status@status.example"
        settings.BOUNCE_DOMAIN = ""
        yield running
