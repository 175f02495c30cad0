from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.actions.imports import FileRefused, Outcome, import_subscribers, preview_import
from incidents.management.named_page import add_page_option, page_named


class Command(BaseCommand):
    help = (
        "Adds subscribers from a CSV file, all or none of them. Mails nobody; running twice changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="CSV")
        parser.add_argument(
            "--dry-run", action="store_true", help="tell what would change, and change nothing"
        )
        add_page_option(parser)

    def handle(self, *args: Any, file: str, dry_run: bool, page: str | None, **options: Any) -> None:
        take = preview_import if dry_run else import_subscribers
        into = page_named(page)
        try:
            with Path(file).open("rb") as opened:
                outcome = take(into, opened)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        except FileRefused as refused:
            self._tell_faults(file, refused)
            raise CommandError("nothing was imported") from None
        self._tell(outcome, is_done=not dry_run)

    def _tell_faults(self, file: str, refused: FileRefused) -> None:
        for fault in refused.faults:
            column = f"{fault.column}: " if fault.column else ""
            self.stderr.write(f"{file}:{fault.line}: {column}{fault}")
        if refused.count > len(refused.faults):
            self.stderr.write(f"{file}: and {refused.count - len(refused.faults)} more")

    def _tell(self, outcome: Outcome, *, is_done: bool) -> None:
        for line, email, reason in outcome.skipped:
            self.stdout.write(f"line {line}: {email}: skipped: {reason}")
        if outcome.skipped_count > len(outcome.skipped):
            self.stdout.write(f"and {outcome.skipped_count - len(outcome.skipped)} more skipped")
        verb = "added" if is_done else "to add"
        agreed = "confirmed" if is_done else "to confirm"
        self.stdout.write(
            f"{outcome.added} {verb}, {outcome.confirmed} {agreed}, {outcome.kept} subscribed already, "
            f"{outcome.skipped_count} skipped"
        )
