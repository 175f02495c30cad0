import sys
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.lib.errors import Refused
from incidents.models import Report
from incidents.queries.report import find_edition, find_issued
from incidents.reports.build import document_of, figures_of
from incidents.reports.frozen import body_of
from incidents.reports.writers import WRITERS


class Command(BaseCommand):
    help = "Writes an issued report, by default to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number")
        parser.add_argument("--format", choices=sorted(WRITERS), default="txt")
        parser.add_argument("--lang", choices=["ja", "en"], help="default: the language it is written in")
        parser.add_argument(
            "--revision", type=int, metavar="N", help="as edition N was issued; default: as the record is now"
        )
        parser.add_argument("-o", "--output", metavar="FILE")

    def handle(self, *args: Any, number: str, output: str | None, **options: Any) -> None:
        report = find_issued(number)
        if report is None:
            raise CommandError(f"{number}: there is no issued report with this number")
        try:
            data = _write(report, options["format"], options["lang"] or "", revision=options["revision"])
        except Refused as refused:
            raise CommandError(f"{number}: {refused.field}: {refused}") from refused
        if output is None:
            sys.stdout.buffer.write(data)
            return
        try:
            Path(output).write_bytes(data)
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from error


def _write(report: Report, ending: str, language: str, *, revision: int | None) -> bytes:
    if revision is None:
        return WRITERS[ending](document_of(report, language=language), figures_of(report))
    edition = find_edition(report, revision)
    if edition is None:
        raise CommandError(f"{report.number}: there is no edition {revision}")
    return body_of(edition, language or report.language, ending)
