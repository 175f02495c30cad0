import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from incidents.lib.errors import Refused
from incidents.management.first_page import ensure_page
from incidents.management.incident_file import load
from incidents.management.replay import Replay
from incidents.notices import outbox


class Command(BaseCommand):
    help = "Plays an incident file through intake, judge and actions on a simulated clock."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        pace = parser.add_mutually_exclusive_group()
        pace.add_argument("--speed", type=_speed, metavar="N", help="N simulated seconds in one real second")
        pace.add_argument("--instant", action="store_true", help="without pauses (the default)")
        parser.add_argument("--deliver", action="store_true", help="mail the page's subscribers")

    def handle(self, *args: Any, file: str, speed: float | None, deliver: bool, **options: Any) -> None:
        try:
            replay = Replay(load(Path(file)), ensure_page(), deliver=deliver)
            replay.play(wait=_pace(speed) if speed else None)
        except Refused as refused:
            where = f"{file}: {refused.field}" if refused.field else file
            raise CommandError(f"{where}: {refused}") from refused
        if deliver:
            outbox.deliver_due()
        self._tell(replay)

    def _tell(self, replay: Replay) -> None:
        if replay.detected_at is not None:
            self.stdout.write(f"Detected by monitoring: {replay.detected_at.isoformat()}")
        if replay.incident is not None:
            self.stdout.write(f"Incident: {replay.incident.reference} ({replay.incident.stage})")
        if replay.report is not None:
            self.stdout.write(f"Report: {replay.report.number}")


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed < float("inf"):
        raise ValueError("expected a number above 0")
    return speed


def _pace(speed: float) -> Callable[[datetime], None]:
    """Sleeps as long as the simulated time since the last event takes at this speed."""
    last: list[datetime] = []

    def wait(at: datetime) -> None:
        if last:
            time.sleep(max(0.0, (at - last.pop()).total_seconds() / speed))
        last.append(at)

    return wait
