import os
import sys
from argparse import ArgumentParser
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from incidents.actions.returned import take_returned
from incidents.monitors.intake import take_marked_mail

MOST_BYTES = 1024 * 1024


class Command(BaseCommand):
    """A mail server pipes each message for BOUNCE_DOMAIN, or of a mail round trip, into it; exit statuses are those
    of sysexits.h.

    0: taken, or nothing for us, which is never sent back to anybody. 65: there was no message. 75: the database
    is away, try again later.
    """

    help = "Takes a bounce, a complaint or the message of a mail round trip as a message on standard input."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--recipient",
            action="append",
            default=[],
            help="the envelope's recipient (default: ORIGINAL_RECIPIENT of the environment, and the message's headers)",
        )

    def handle(self, *args: Any, recipient: list[str], **options: Any) -> None:
        raw = _read(sys.stdin.buffer)
        if not raw.strip():
            raise CommandError("there is no message on standard input", returncode=os.EX_DATAERR)
        try:
            taken = "a monitor's message" if take_marked_mail(raw) else _take_returned(raw, recipient)
        except Error as error:
            raise CommandError(f"the database does not answer: {error}", returncode=os.EX_TEMPFAIL) from error
        if options["verbosity"] > 1:
            self.stdout.write(taken)


def _take_returned(raw: bytes, recipient: list[str]) -> str:
    return take_returned(raw, [*recipient, os.environ.get("ORIGINAL_RECIPIENT", "")]).value


def _read(stream: BinaryIO) -> bytes:
    """What says why a mail came back stands at the beginning. The rest is read too, and forgotten: a mail server
    whose pipe breaks takes that for a failure."""
    raw = stream.read(MOST_BYTES)
    while stream.read(MOST_BYTES):
        pass
    return raw
