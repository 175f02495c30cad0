import os
import sys
from argparse import ArgumentParser
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from incidents.actions.alert_limit import TooManyEvents
from incidents.actions.returned import take_returned
from incidents.alerts.mailed import take_alert_mail
from incidents.lib.errors import Refused
from incidents.monitors.intake import take_marked_mail

MOST_BYTES = 1024 * 1024


class Command(BaseCommand):
    """A mail server pipes each message for BOUNCE_DOMAIN, of a mail round trip or of a system that alerts by mail,
    into it; exit statuses are those of sysexits.h. It writes one line.

    0: taken, or nothing for us, which is never sent back to anybody. 65: there was no message. 75: the database
    is away, a source sends more than it may or cannot be read as it was set up: try again later.
    """

    help = "Takes a bounce, a complaint, an alert or the message of a mail round trip on standard input."
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
        recipients = [*recipient, os.environ.get("ORIGINAL_RECIPIENT", "")]
        try:
            taken = _take(raw, recipients)
        except Error as error:
            raise CommandError(f"the database does not answer: {error}", returncode=os.EX_TEMPFAIL) from error
        except TooManyEvents as error:
            raise CommandError(str(error), returncode=os.EX_TEMPFAIL) from error
        except Refused as refused:
            raise CommandError(
                f"its source: {refused.field}: {refused}", returncode=os.EX_TEMPFAIL
            ) from refused
        if options["verbosity"] > 0:
            self.stdout.write(taken)


def _take(raw: bytes, recipients: list[str]) -> str:
    if take_marked_mail(raw):
        return "a monitor's message"
    alert = take_alert_mail(raw, recipients)
    return (alert or take_returned(raw, recipients)).value


def _read(stream: BinaryIO) -> bytes:
    """What says why a mail came back stands at the beginning. The rest is read too, and forgotten: a mail server
    whose pipe breaks takes that for a failure."""
    raw = stream.read(MOST_BYTES)
    while stream.read(MOST_BYTES):
        pass
    return raw
