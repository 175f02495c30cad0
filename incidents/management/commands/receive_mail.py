import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error

from incidents.actions.returned import take_of_delivery
from incidents.models import MailEventKind
from incidents.notices.links import find_returned
from incidents.notices.returned import Parsed, read_returned

LARGEST_BYTES = 1024 * 1024
SOURCE = "dsn"
RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "To")


class Command(BaseCommand):
    """Ends with 0 for what was taken or ignored, so that nothing is bounced back, and with 75 (try again) while
    the database is away: mail servers hold the message then."""

    help = "Takes one message that came back (a bounce or a complaint) from standard input."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--recipient",
            default=os.environ.get("ORIGINAL_RECIPIENT", ""),
            help="the envelope's recipient (default: ORIGINAL_RECIPIENT, else the message's own header)",
        )

    def handle(self, *, recipient: str, **options: Any) -> None:
        raw = sys.stdin.buffer.read(LARGEST_BYTES)
        while sys.stdin.buffer.read(LARGEST_BYTES):
            pass  # a mail server takes a broken pipe for a failure
        parsed = read_returned(raw)
        public_id = next(filter(None, map(find_returned, _addresses(raw, parsed, recipient))), None)
        if public_id is None:
            return
        try:
            for returned in parsed.events:
                take_of_delivery(public_id, returned, source=SOURCE)
        except Error as error:
            self.stderr.write(f"the database does not answer: {error}")
            sys.exit(os.EX_TEMPFAIL)


def _addresses(raw: bytes, parsed: Parsed, recipient: str) -> Iterator[str]:
    """Where the signed return path may stand: only its signature says whose it is. Complaints come to an address
    agreed with the provider and quote it."""
    if recipient:
        yield recipient
    else:
        headers = BytesHeaderParser().parsebytes(raw)
        yield from (str(value) for name in RECIPIENT_HEADERS for value in headers.get_all(name, []))
    if any(returned.kind is MailEventKind.COMPLAINT for returned in parsed.events):
        yield parsed.sender
