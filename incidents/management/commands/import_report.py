from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.lib.errors import Refused
from incidents.management.first_page import ensure_page
from incidents.reports.past import take_past_report


class Command(BaseCommand):
    help = (
        "Reads reports of the HEA2020100801 format into the record. Each file all or nothing; mails nobody."
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
            text = Path(file).read_text(encoding="utf-8")
            report = take_past_report(ensure_page(), text, service=service)
        except UnicodeDecodeError as error:
            before = error.object.count(b"\n", 0, error.start)
            self.stderr.write(f"{file}:{before + 1}: expected UTF-8 text")
        except OSError as error:
            self.stderr.write(f"{file}: {error.strerror}")
        except Refused as refused:
            line = getattr(refused, "line", None)
            self.stderr.write(f"{file}:{line}: {refused}" if line else f"{file}: {refused.field}: {refused}")
        else:
            self.stdout.write(f"{file}: {report.number}")
            return True
        return False
