"""Makes checks, each as soon as it is asked for: one that takes its time keeps no other waiting."""

from collections.abc import Hashable
from typing import Any

from incidents.lib.fetch import Fetcher
from incidents.lib.outbound import Guard
from incidents.lib.times import now
from incidents.monitors.checkers import http
from incidents.monitors.results import Probe, Result

Ended = tuple[Any, Result | Exception]


class Prober:
    """Checks under way. What a checker raises is an outcome, known by its key as a result is."""

    def __init__(self, *, guard: Guard) -> None:
        self._fetcher = Fetcher(guard=guard)
        self._asked: dict[Hashable, tuple[Probe, Any]] = {}
        self._ended: list[Ended] = []

    def __len__(self) -> int:
        return len(self._asked) + len(self._ended)

    def start(self, key: Hashable, probe: Probe) -> None:
        try:
            request = http.request_of(probe)
        except Exception as error:
            self._ended.append((key, error))
            return
        self._asked[key] = (probe, now())
        self._fetcher.add(key, request)

    def turn(self, seconds: float) -> list[Ended]:
        """What has ended; waits no longer than `seconds` for something to happen."""
        ended, self._ended = self._ended, []
        for key, response in self._fetcher.turn(0 if ended else seconds):
            probe, at = self._asked.pop(key)
            try:
                ended.append((key, http.result_of(probe, response, at)))
            except Exception as error:
                ended.append((key, error))
        return ended

    def close(self) -> None:
        self._fetcher.close()
