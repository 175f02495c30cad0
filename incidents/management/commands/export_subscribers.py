import sys
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.management.named_page import add_page_option, page_named
from incidents.queries.subscriber_file import write_subscribers


class Command(BaseCommand):
    help = "Writes the active subscribers as the CSV file that import_subscribers reads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("-o", "--output", metavar="FILE", help="instead of standard output")
        add_page_option(parser)

    def handle(self, *args: Any, output: str | None, page: str | None, **options: Any) -> None:
        """Bytes, so that no locale decides how the file is written."""
        lines = write_subscribers(page_named(page))
        if output is None:
            sys.stdout.buffer.writelines(line.encode() for line in lines)
            return
        try:
            with Path(output).open("wb") as file:
                file.writelines(line.encode() for line in lines)
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from None
