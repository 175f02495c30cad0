"""What a location thinks of its own network."""

import time
from datetime import datetime

from django.utils import timezone

from incidents.actions.checks import bring_forward
from incidents.actions.location import suspect_network, trust_network
from incidents.models import Location
from incidents.monitors.results import Verdict
from incidents.monitors.suspicion import Seen, is_network_back, is_network_suspect
from incidents.queries.monitor import seen_since

LOOK_SECONDS = 1.0
ASK_SECONDS = 10.0
ASKED_AT_ONCE = 8


class Network:
    """Asked often, it looks no more than once a second."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._looked_at = self._asked_at = float("-inf")
        self._is_suspect = False

    def is_suspect(self, since: datetime) -> bool:
        """Whether what cannot be reached since then is rather our own fault; staff are told where it is."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._is_suspect = _looks_suspect(self._place, since)
            self._looked_at = time.monotonic()
            if self._is_suspect:
                suspect_network(self._place, at=timezone.now())
        return self._is_suspect

    def ask_others(self, *, since: datetime) -> None:
        """After the first that could not be reached: can others be? Before anybody is taken for down."""
        if time.monotonic() - self._asked_at >= ASK_SECONDS:
            self._asked_at = time.monotonic()
            bring_forward(self._place, since=since, now=timezone.now(), limit=ASKED_AT_ONCE)

    def reconsider(self, location: Location) -> None:
        """Trusts it again once enough is reached; the suspicion does not end by itself."""
        since = location.network_suspect_since
        if since and is_network_back(_seen(self._place, since)):
            trust_network(self._place)


def _looks_suspect(place: str, since: datetime) -> bool:
    return is_network_suspect(_seen(place, since))


def _seen(place: str, since: datetime) -> list[Seen]:
    return [Seen(target, reached, Verdict(verdict)) for target, reached, verdict in seen_since(place, since)]
