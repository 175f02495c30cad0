from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from incidents.management.stopping import stop_on_signals
from incidents.notices.outbox import deliver_due

POLL_SECONDS = 2.0


class Command(BaseCommand):
    help = "Sends due notices without Celery, until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due now, then end")

    def handle(self, *, once: bool, **options: Any) -> None:
        stopped = stop_on_signals()
        while True:
            close_old_connections()
            sent = deliver_due(should_stop=stopped.is_set)
            if sent and options["verbosity"]:
                self.stdout.write(f"{sent} sent")
            if stopped.is_set() or (once and not sent):
                return
            if not sent:
                stopped.wait(POLL_SECONDS)
