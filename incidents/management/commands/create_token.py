from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.actions.api_token import create_token
from incidents.lib.errors import Refused


class Command(BaseCommand):
    help = "Makes a key of the management API and prints it, alone on one line, once: only its hash is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="what uses it, such as the program's name")
        parser.add_argument(
            "--scope", required=True, help="read, write or admin; each may do what those before may"
        )

    def handle(self, *args: Any, name: str, scope: str, **options: Any) -> None:
        try:
            _, key = create_token(name, scope=scope)
        except Refused as refused:
            raise CommandError(f"{refused.field}: {refused}") from None
        self.stdout.write(key)
