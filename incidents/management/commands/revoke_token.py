from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.actions.api_token import revoke_token
from incidents.queries.api_token import find_named


class Command(BaseCommand):
    help = "Ends a key of the management API."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        token = find_named(name)
        if token is None:
            raise CommandError(f"name: there is no key {name!r}")
        revoke_token(token)
        self.stdout.write(f"{name} is revoked")
