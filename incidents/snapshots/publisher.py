"""The publisher's loop: a click is on the page in about a second, and every page is renewed every 15 s.

It asks the database what has changed. Neither the broker nor a busy worker stands between a click and the page.
"""

import logging
import threading
import time
from collections import defaultdict

from django.db import InterfaceError, OperationalError, close_old_connections

from incidents.lib import times
from incidents.models import Page
from incidents.snapshots.kept import Kept
from incidents.snapshots.publish import publish_turn, purge_gone

POLL_SECONDS = 0.5
RENEW_SECONDS = 15.0
RETRY_SECONDS = 2.0
"""After a failure: a full disk or a database that is gone is not helped by asking more often."""

logger = logging.getLogger(__name__)


class Publisher:
    """What it remembers is lost with its process, and nothing is lost by that."""

    def __init__(self) -> None:
        self._done: dict[int, tuple[int, float]] = {}
        """By page: the revision that was published, and when (monotonic) it is due again."""
        self._kept: dict[int, Kept] = defaultdict(Kept)
        self._failing: dict[int, type[Exception]] = {}
        """What has kept a page from being published since it last was, by page."""
        self._is_cut_off = False

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. Never raises for what the database, the disk or a template does."""
        while not stop.is_set():
            close_old_connections()
            stop.wait(self.turn())

    def turn(self) -> float:
        """Publishes what is due; answers after how many seconds to look again."""
        try:
            pages = list(Page.objects.order_by("pk"))
            purge_gone(pages)
            for page in filter(self._is_due, pages):
                self._publish(page)
        except (OperationalError, InterfaceError) as error:
            return self._note_outage(error)
        except Exception:
            logger.exception("nothing was published")
            return RETRY_SECONDS
        self._note_answer()
        return 0.0 if any(map(self._is_due, pages)) else POLL_SECONDS

    def _is_due(self, page: Page) -> bool:
        revision, due_at = self._done.get(page.pk, (None, 0.0))
        return revision != page.revision or time.monotonic() >= due_at

    def _publish(self, page: Page) -> None:
        due_at = time.monotonic() + RENEW_SECONDS
        try:
            if publish_turn(page, now=times.now(), kept=self._kept[page.pk]).pending:
                due_at = 0.0
            if self._failing.pop(page.pk, None):
                logger.info("%s is published again", page.host)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            self._note_failure(page, error)
            due_at = time.monotonic() + RETRY_SECONDS
        self._done[page.pk] = (page.revision, due_at)

    def _note_failure(self, page: Page, error: Exception) -> None:
        """Said once, and not every two seconds on a disk that is full."""
        if self._failing.get(page.pk) is not type(error):
            logger.exception("%s was not published", page.host)
        self._failing[page.pk] = type(error)

    def _note_outage(self, error: Exception) -> float:
        """Said once, not twice a second."""
        if not self._is_cut_off:
            logger.error("nothing is published while the database does not answer: %s", error)
        self._is_cut_off = True
        return RETRY_SECONDS

    def _note_answer(self) -> None:
        if self._is_cut_off:
            logger.info("the database answers again")
        self._is_cut_off = False
