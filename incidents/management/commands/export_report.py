import sys
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.lib.errors import Refused
from incidents.queries.report import find_issued
from incidents.reports.build import document_of, figures_of
from incidents.reports.writers import WRITERS


class Command(BaseCommand):
    help = "Writes an issued report, by default to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number")
        parser.add_argument("--format", choices=sorted(WRITERS), default="txt")
        parser.add_argument("--lang", choices=["ja", "en"], help="default: the language it is written in")
        parser.add_argument("-o", "--output", metavar="FILE")

    def handle(self, *args: Any, number: str, output: str | None, lang: str | None, **options: Any) -> None:
        report = find_issued(number)
        if report is None:
            raise CommandError(f"{number}: there is no issued report with this number")
        try:
            document = document_of(report, language=lang or "")
            data = WRITERS[options["format"]](document, figures_of(report))
        except Refused as refused:
            raise CommandError(f"{number}: {refused.field}: {refused}") from refused
        if output is None:
            sys.stdout.buffer.write(data)
            return
        try:
            Path(output).write_bytes(data)
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from error
