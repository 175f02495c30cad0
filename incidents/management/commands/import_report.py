from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.lib.errors import Refused
from incidents.management.first_page import ensure_page
from incidents.reports.past import take_past_report
from incidents.reports.reading import read_words


class Command(BaseCommand):
    help = (
        "Reads reports of the HEA2020100801 format (text, or our PDF and Word editions) into the record."
        " Each file all or nothing; mails nobody."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--service", help="the service's name, where the title line leaves it in doubt")

    def handle(self, *args: Any, files: list[str], service: str | None, **options: Any) -> None:
        failed = sum(not self._take(file, service=service) for file in files)
        if failed:
            raise CommandError(f"{failed} of {len(files)} files not imported", returncode=1)

    def _take(self, file: str, *, service: str | None) -> bool:
        try:
            text = read_words(Path(file).read_bytes())
            report = take_past_report(ensure_page(), text, service=service)
        except OSError as error:
            self.stderr.write(f"{file}: {error.strerror}")
        except Refused as refused:
            line = getattr(refused, "line", None)
            self.stderr.write(f"{file}:{line}: {refused}" if line else f"{file}: {refused.field}: {refused}")
        else:
            self.stdout.write(f"{file}: {report.number}")
            return True
        return False
