from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.lib import times
from incidents.management.stopping import stop_on_signals
from incidents.snapshots.publish import publish_all
from incidents.snapshots.publisher import Publisher


class Command(BaseCommand):
    help = "Publishes every page now; --forever goes on with what changes, until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--forever", action="store_true")

    def handle(self, *, forever: bool, **options: Any) -> None:
        if forever:
            Publisher().run(stop_on_signals())
        elif failed := publish_all(now=times.now()):
            raise CommandError(f"not published: {', '.join(failed)}")
