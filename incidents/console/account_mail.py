"""Sends the mails about staff accounts beside the request.

A mail server that hangs must hold no visitor of the page, and how long an answer takes must not tell whether
an address has an account. What is lost when the process ends is asked for again by who misses it.
"""

import contextvars
import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import closing
from email.charset import BASE64, Charset
from email.header import Header
from email.utils import parseaddr
from pathlib import Path
from queue import Full, Queue

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import close_old_connections

from incidents.notices.channel import Letter, Outcome, Sender
from incidents.notices.channels.email import MailFolder, SmtpSender

MOST_WAITING = 50
MACHINE_HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}

log = logging.getLogger(__name__)

Write = Callable[[], EmailMessage]


def account_folder() -> Path:
    """Where these mails are written without a mail server; their links are nobody else's to read."""
    return Path(settings.MAIL_DIR) / "accounts"


class PostRoom:
    """One thread, started when first needed: a server forks before that."""

    def __init__(self) -> None:
        self._waiting: Queue[Callable[[], None]] = Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def take(self, write: Write) -> None:
        """Writes and sends the mail soon, in the language and for the request of the caller; never raises."""
        context = contextvars.copy_context()
        try:
            self._waiting.put_nowait(lambda: context.run(_send, write))
        except Full:
            log.error("a mail about an account is not sent: %d are waiting", MOST_WAITING)
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="account-mail", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Until everything taken so far is sent or given up."""
        self._waiting.join()

    def _work(self) -> None:
        while True:
            send = self._waiting.get()
            try:
                send()
            except Exception:
                log.exception("a mail about an account is not sent")
            finally:
                close_old_connections()
                self._waiting.task_done()


post_room = PostRoom()


def _send(write: Write) -> None:
    letter = _letter(write())
    with closing(_open_sender()) as sender:
        answer = sender.send(letter)
    if answer.outcome is not Outcome.SENT:
        log.error("a mail about an account is not sent: %s %s", answer.code, answer.text)


def _open_sender() -> Sender:
    return MailFolder(account_folder()) if settings.MAIL_SERVER is None else SmtpSender()


def _letter(message: EmailMessage) -> Letter:
    """In base64: the server was not asked whether it takes 8-bit text."""
    charset = Charset("utf-8")
    charset.body_encoding = BASE64
    message.encoding = charset
    message.extra_headers |= MACHINE_HEADERS
    mime = message.message()
    # Django folds a long one before its first word; a line of nothing but the name is not for every reader.
    mime.replace_header("Subject", Header(str(message.subject), "utf-8", header_name="Subject").encode())
    data = mime.as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's, not the email package's
    return Letter(
        name=secrets.token_hex(16),
        sender=parseaddr(message.from_email)[1],
        recipient=message.to[0],
        data=data if data.endswith(b"\r\n") else data + b"\r\n",
    )
