import logging
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from incidents.actions import staff_watch
from incidents.actions.bounce import take_refusal
from incidents.management.stopping import stop_on_signals
from incidents.models import Lane
from incidents.notices.alive import SignOfLife
from incidents.notices.outbox import deliver_due

RECOVERY_SECONDS = 1.0
PASS_SECONDS, WATCHING_SECONDS = 60, 20

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Sends due notices without Celery, until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due now, then end")
        parser.add_argument(
            "--lane",
            action="append",
            choices=Lane.values,
            help="only mails to one person, notices to many, or what is no mail (default: all, by turns)",
        )

    def handle(self, *, once: bool, lane: list[str] | None, **options: Any) -> None:
        stopped = stop_on_signals()
        # Who calls staff must not need the broker to see what for.
        watches_over, alive = not lane or Lane.STAFF in lane, SignOfLife()
        while not stopped.is_set():
            close_old_connections()
            try:
                if watches_over:
                    staff_watch.run()
                    alive.tell()
                sent = deliver_due(
                    seconds=WATCHING_SECONDS if watches_over else PASS_SECONDS,
                    should_stop=stopped.is_set,
                    lanes=lane or Lane.values,
                    lingers=not once,
                    take_refusal=take_refusal,
                )
            except DatabaseError as error:
                if once:
                    raise
                log.error("the database does not answer: %s", error)
                stopped.wait(RECOVERY_SECONDS)
                continue
            if sent and options["verbosity"]:
                self.stdout.write(f"{sent} sent")
            if once and not sent:
                return
