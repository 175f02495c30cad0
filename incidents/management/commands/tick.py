import time
from typing import Any

from django.core.management import BaseCommand, CommandParser
from django.db import close_old_connections

from incidents import tasks
from incidents.lib import times
from incidents.snapshots.publish import publish_all


def publish_pages() -> None:
    publish_all(now=times.now())


JOBS = (
    tasks.check_monitors,
    tasks.take_alerts,
    tasks.judge_silence,
    tasks.roll_up_results,
    tasks.act_by_itself,
    tasks.alert_staff,
    tasks.remind_owners,
    tasks.run_due_maintenances,
    publish_pages,
    tasks.deliver_notices,
    tasks.expire_old_rows,
)
PAUSE_SECONDS = 5


class Command(BaseCommand):
    help = "Runs every periodic job once, without Celery; --forever goes on every five seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forever", action="store_true")

    def handle(self, *args: Any, forever: bool, **options: Any) -> None:
        self._run_jobs()
        while forever:
            time.sleep(PAUSE_SECONDS)
            close_old_connections()
            self._run_jobs()

    def _run_jobs(self) -> None:
        for job in JOBS:
            try:
                job()
            except Exception as error:
                self.stderr.write(f"{job.__name__}: {type(error).__name__}: {error}")
