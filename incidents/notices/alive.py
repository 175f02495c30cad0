"""Tells a watcher elsewhere that we are at work: from a machine that is gone no alert can come."""

import logging
import time

from django.conf import settings
from django.utils import timezone

from incidents.lib.fetch import Request, fetch_many
from incidents.lib.outbound import Guard
from incidents.queries.location import troubled_locations, watching_locations

EVERY_SECONDS = 60.0
TOTAL_MS = 5_000
ANYWHERE = Guard(("0.0.0.0/0", "::/0"))  # the operator chose the address

log = logging.getLogger(__name__)


class SignOfLife:
    """Asked often, it is given no more than once a minute."""

    def __init__(self) -> None:
        self._told_at = float("-inf")

    def tell(self) -> None:
        """Says nothing where monitors are checked from nowhere. Never raises for what the watcher does."""
        if not settings.ALIVE_URL or time.monotonic() - self._told_at < EVERY_SECONDS:
            return
        if _is_nothing_checked():
            return
        self._told_at = time.monotonic()
        request = Request(url=settings.ALIVE_URL, total_ms=TOTAL_MS, connect_ms=TOTAL_MS)
        [response] = fetch_many([request], guard=ANYWHERE)
        if response.status is None or response.status >= 400:
            log.warning("the watcher at ALIVE_URL did not take our word: %s", response.status or "no answer")


def _is_nothing_checked() -> bool:
    silent = [name for name, trouble, _ in troubled_locations(now=timezone.now()) if trouble == "silent"]
    return bool(silent) and len(silent) == len(watching_locations())
