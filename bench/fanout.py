"""From the staff's click to the last of 1,000 subscribers' mails, accepted by a local SMTP sink.

`python -m bench.fanout [SUBSCRIBERS]` starts one sender process on a database of its own, publishes a draft
by the console's request without a hold, and prints each figure beside its limit; exits 1 where one is missed.
"""

import logging
import os
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

from tests.smtp import Sink, running_sink
from tests.waiting import wait_until

SUBSCRIBERS = 1_000
LIMIT_SECONDS = 15.0
PATIENCE_SECONDS = 180.0
LIMIT_MAILS = 500


@contextmanager
def sender() -> Iterator[None]:
    """`manage.py deliver` as an operator runs it."""
    process = subprocess.Popen([sys.executable, "manage.py", "deliver"])
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def measure(sink: Sink, subscribers: int) -> tuple[float, float, float]:
    """Seconds from the click to its answer, to the first mail, to the last."""
    from django.core.management import call_command
    from django.test import Client

    from incidents.models import Page
    from tests import make

    call_command("migrate", verbosity=0)
    page = make.page(host="127.0.0.1")
    Page.objects.update(hold_seconds=0)
    incident = make.incident(page)
    for number in range(subscribers):
        make.subscriber(page, f"reader{number}@example.com")
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(make.staff())
    with sender():
        time.sleep(3)
        clicked_at = time.monotonic()
        answer = client.post(f"/console/incidents/{incident.reference}/publish/")
        answered = time.monotonic() - clicked_at
        if answer.status_code != 302:
            raise RuntimeError(f"the click was answered with {answer.status_code}")
        wait_until(lambda: len(sink.received) >= 1, seconds=PATIENCE_SECONDS, waiting_for="first mail")
        first = time.monotonic() - clicked_at
        wait_until(lambda: len(sink.copies) >= subscribers, seconds=PATIENCE_SECONDS, waiting_for="last mail")
        return answered, first, time.monotonic() - clicked_at


def session_limit(sink: Sink) -> float:
    """Mails a second that one plain session brings into the same sink: the limit of this run."""
    body = sink.received[0].raw
    started_at = time.monotonic()
    with smtplib.SMTP("127.0.0.1", sink.port) as session:
        for number in range(LIMIT_MAILS):
            session.sendmail("bench@example.com", [f"limit{number}@example.com"], body)
    return LIMIT_MAILS / (time.monotonic() - started_at)


def main() -> int:
    subscribers = int(sys.argv[1]) if len(sys.argv) > 1 else SUBSCRIBERS
    with tempfile.TemporaryDirectory() as data_dir, running_sink() as sink:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
            "DATA_DIR": data_dir,
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}?tls=none",
            "SITE_URL": "http://127.0.0.1:8000",
        }
        django.setup()
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        answered, first, last = measure(sink, subscribers)
        doubled = sum(count - 1 for count in sink.copies.values())
        limit = session_limit(sink)
    kept = last < LIMIT_SECONDS * max(1, subscribers / SUBSCRIBERS) and not doubled
    print(f"{answered:7.2f} s  until the click was answered")
    print(f"{first:7.2f} s  until the first mail was accepted")
    print(f"{last:7.2f} s  until the last of {subscribers} (under 15 for 1,000){'' if kept else '  MISSED'}")
    print(f"{doubled:7}    mails sent twice (none)")
    print(
        f"{subscribers / last / limit:7.2f}    of what one plain session brings into the same sink ({limit:.0f}/s)"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
