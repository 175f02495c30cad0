"""A page with its readers, and senders as processes of their own on this run's database."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from incidents.actions.update import Draft, publish_update
from incidents.models import Delivery, Incident, Page, Service, Subscriber
from tests import make
from tests.faults.history import History
from tests.smtp import Sink
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
SENDER = (PYTHON, "manage.py", "deliver", "--verbosity", "0")
IMPATIENT_SENDER = (PYTHON, "-m", "tests.faults.impatient_sender")
_CELERY = (PYTHON, "-m", "celery", "-A", "statuspage.celery", "--quiet")
WORKER = (*_CELERY, "worker", "-Q", "notices", "-c", "1", "--without-gossip", "--without-mingle")
CHECKER = (*_CELERY, "worker", "-Q", "checks.main", "-c", "2", "--without-gossip", "--without-mingle")
BEAT = (*_CELERY, "beat")
OPEN = ("queued", "sending")


def database_url() -> str:
    """As other processes reach it."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    login = quote(values["USER"]) + (f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else "")
    host = quote(values["HOST"], safe="")  # a directory, where the server listens on a socket in it
    at = f"{host}:{values['PORT']}" if values["PORT"] else host
    return f"postgres://{login}@{at}/{values['NAME']}"


@dataclass
class Scene:
    sink: Sink
    environment: dict[str, str]
    page: Page
    service: Service
    history: History = field(default_factory=History)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_readers(self, count: int, *, stem: str = "reader") -> list[Subscriber]:
        return Subscriber.objects.bulk_create(
            make.unsaved_subscriber(self.page, f"{stem}{n:05}@company{n % 50}.example") for n in range(count)
        )

    def open_incident(self) -> Incident:
        return make.incident(self.page, {self.service: "degraded"})

    def publish(self, incident: Incident, *, hold_seconds: int = 0) -> None:
        """And notes who is to be told."""
        incident.refresh_from_db()
        draft = Draft(stage="investigating", body="原因を調査しています。")
        update = publish_update(incident, draft, hold_seconds=hold_seconds)
        readers = Subscriber.objects.filter(page=self.page, state="active")
        self.history.note(incident.reference, update.number, readers.values_list("email", flat=True))

    def start(self, command: Sequence[str] = SENDER, **environment: str) -> subprocess.Popen[bytes]:
        """In a session of its own, so that what it starts ends with it."""
        values = {**self.environment, **environment}
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=values,
            stdout=subprocess.DEVNULL,
            stderr=self._log(),
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        self.processes.remove(process)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end_all(self) -> None:
        for process in list(self.processes):
            self.kill(process)

    def states(self) -> Counter[str]:
        return Counter(Delivery.objects.values_list("state", flat=True))

    def is_settled(self) -> bool:
        return not Delivery.objects.filter(state__in=OPEN).exists()

    def wait_until_settled(self, *, seconds: float = 60) -> None:
        wait_until(self.is_settled, seconds=seconds, waiting_for=f"end of all mails ({self.states()})")

    def _log(self) -> int:
        path = Path(self.environment["DATA_DIR"]) / "senders.log"
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)


@contextmanager
def staged(sink: Sink, data_dir: Path) -> Iterator[Scene]:
    data_dir.mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(data_dir),
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}?tls=none",
        "SITE_URL": "http://status.example",
        "DJANGO_SETTINGS_MODULE": "statuspage.settings",
    }
    page = make.page(host="status.example")
    scene = Scene(sink, environment, page, make.service(page))
    try:
        yield scene
    finally:
        scene.end_all()
