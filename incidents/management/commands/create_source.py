from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.actions.alert import create_source
from incidents.alerts.addresses import address_of
from incidents.lib.errors import Refused
from incidents.management.first_page import ensure_page
from incidents.models import AlertFormat
from incidents.queries.service import find_service


class Command(BaseCommand):
    help = (
        "Makes a source of alerts and prints its path and its secret, each alone on a line, once; "
        "of one by mail, its address."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="what sends the alerts, as staff are to read it")
        parser.add_argument("--format", required=True, help="such as alertmanager, grafana or generic")
        parser.add_argument("--service", metavar="SLUG", help="whose alerts they are; else rules decide")
        parser.add_argument("--secret", help="at least 32 characters; else one is made")

    def handle(self, *args: Any, name: str, service: str | None, secret: str | None, **options: Any) -> None:
        page = ensure_page()
        found = find_service(page, service) if service else None
        if service and found is None:
            raise CommandError(f"service: there is no service {service!r}")
        try:
            source = create_source(
                page, name=name, kind=options["format"], service=found, secret=secret or ""
            )
        except Refused as refused:
            raise CommandError(f"{refused.field}: {refused}") from None
        if source.format == AlertFormat.MAIL:
            self.stdout.write(address_of(source))
            return
        self.stdout.write(f"/hooks/{source.format}/{source.public_id}")
        self.stdout.write(source.secret)
