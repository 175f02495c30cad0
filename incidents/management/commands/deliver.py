import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from incidents.notices.outbox import deliver_due

POLL_SECONDS = 2.0


class Command(BaseCommand):
    help = "Sends due notices without Celery, until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due now, then end")

    def handle(self, *, once: bool, **options: Any) -> None:
        stopped = _stop_on_signals()
        while True:
            close_old_connections()
            sent = deliver_due(should_stop=stopped.is_set)
            if sent and options["verbosity"]:
                self.stdout.write(f"{sent} sent")
            if stopped.is_set() or (once and not sent):
                return
            if not sent:
                stopped.wait(POLL_SECONDS)


def _stop_on_signals() -> threading.Event:
    """SIGTERM and SIGINT end the loop after the message that is under way."""
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopped
