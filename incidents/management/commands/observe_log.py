import sys
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from incidents.lib.errors import Refused
from incidents.lib.mail_logs import ACCEPTED, FORMATS, REFUSED, Reading, make_reader
from incidents.management.observing import Observer
from incidents.management.stopping import stop_on_signals
from incidents.models import MonitorKind
from incidents.queries.monitor import find_monitor

STANDARD_INPUT = "-"


class Command(BaseCommand):
    help = "Reads from a log where mail comes from, for an SPF monitor; goes on where it stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE|-")
        parser.add_argument("--monitor", required=True, metavar="ID", help="as in /observations/<ID>")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument(
            "--follow", action="store_true", help="wait for more lines, also after a rotation"
        )
        parser.add_argument("--port", type=int, default=0, help="iptables: only what was for this port")
        parser.add_argument("--zone", help="of stamps that name none (default: the page's)")
        parser.add_argument("--pattern", default="", help="regex: RE2, with (?P<address>…); docs/spf.md")
        parser.add_argument(
            "--outcome", choices=[ACCEPTED, REFUSED], default=REFUSED, help="regex: of a match"
        )

    def handle(self, *args: Any, file: str, monitor: str, follow: bool, **options: Any) -> None:
        try:
            observer = self._observer(monitor, options)
            if follow or file == STANDARD_INPUT:
                observer.between = close_old_connections
            if file == STANDARD_INPUT:
                observer.read_stream(sys.stdin.fileno())
            else:
                stopped = stop_on_signals() if follow else None
                observer.read_file(Path(file), wait=stopped.wait if stopped else None)
        except Refused as refused:
            where = f"{refused.field}: " if refused.field else ""
            raise CommandError(f"{where}{refused}") from refused
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        self.stdout.write(str(observer.tally))

    def _observer(self, monitor: str, options: dict[str, Any]) -> Observer:
        try:
            found = find_monitor(UUID(monitor), MonitorKind.SPF)
        except ValueError:
            found = None
        if found is None:
            raise Refused("expected the id of an SPF monitor", field="monitor")
        how = Reading(
            zone=_zone(options["zone"]) if options["zone"] else found.service.page.zone,
            port=options["port"],
            pattern=options["pattern"],
            outcome=options["outcome"],
        )
        return Observer(found, make_reader(options["format"], how))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refused("expected an IANA time zone such as Asia/Tokyo", field="zone") from None
