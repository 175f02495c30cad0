"""Makes checks, each as soon as it is asked for: one that takes its time keeps no other waiting.

HTTP is asked by libcurl, many at once; everything else by asyncio in a thread beside it.
"""

import asyncio
import queue
import re
import threading
from collections.abc import Hashable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import Any

from incidents.lib.fetch import Fetcher
from incidents.lib.outbound import Guard
from incidents.lib.times import now
from incidents.monitors.checkers import http
from incidents.monitors.registry import CHECKERS
from incidents.monitors.results import Probe, Result

HTTP = "http"
END_SECONDS = 5.0

# The key that the caller gave, and what came of the check: an exception is what a broken checker raised.
Ended = tuple[Any, Result | Exception]


class Prober:
    """Checks under way. No check outlives the total deadline of its settings."""

    def __init__(self, *, guard: Guard, ca_file: str | None = None) -> None:
        self._guard = guard
        self._fetcher = Fetcher(guard=guard, ca_file=ca_file)
        self._asked: dict[Hashable, Any] = {}
        self._aside: _Aside | None = None
        self._ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._under_way = 0

    def __len__(self) -> int:
        return self._under_way

    def start(self, key: Hashable, probe: Probe) -> None:
        self._under_way += 1
        if probe.kind != HTTP:
            self._start_aside(key, probe)
            return
        try:
            request = http.request_of(probe.settings, probe.target)
        except Exception as error:
            self._ended.put((key, error))
            return
        self._asked[key] = (probe, now())
        self._fetcher.add(key, request)

    def turn(self, seconds: float) -> list[Ended]:
        """What has ended; waits no longer than `seconds` for something to happen."""
        if self._asked:
            self._turn_fetcher(0.0 if not self._ended.empty() else seconds)
        ended = []
        with suppress(queue.Empty):
            ended.append(self._ended.get(timeout=self._wait(seconds)))
            while True:
                ended.append(self._ended.get_nowait())
        self._under_way -= len(ended)
        return [(key, _readable(outcome)) for key, outcome in ended]

    def close(self) -> None:
        """Breaks off what is still under way."""
        self._fetcher.close()
        if self._aside:
            self._aside.close()

    def _wait(self, seconds: float) -> float:
        """For what is checked aside, where nothing was waited for already."""
        return seconds if self._under_way and not self._asked else 0.0

    def _turn_fetcher(self, seconds: float) -> None:
        for key, response in self._fetcher.turn(seconds):
            probe, at = self._asked.pop(key)
            try:
                self._ended.put((key, http.result_of(probe.settings, response, at)))
            except Exception as error:
                self._ended.put((key, error))

    def _start_aside(self, key: Hashable, probe: Probe) -> None:
        self._aside = self._aside or _Aside()
        checking = self._aside.start(probe, self._guard)
        checking.add_done_callback(lambda done: self._ended.put((key, _outcome(done))))


def _readable(outcome: Result | Exception) -> Result | Exception:
    if isinstance(outcome, Exception) or outcome.detail == (words := readable(outcome.detail)):
        return outcome
    return replace(outcome, detail=words)


def readable(text: str) -> str:
    """Without what a database or a log cannot keep: targets may say anything."""
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "\ufffd", text)


def _outcome(done: "Future[Result]") -> Result | Exception:
    error = done.exception()
    if error is None:
        return done.result()
    return error if isinstance(error, Exception) else RuntimeError(repr(error))


class _Aside:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="checks", daemon=True)
        self._thread.start()

    def start(self, probe: Probe, guard: Guard) -> "Future[Result]":
        """In the caller's context, which carries a simulated clock."""
        return asyncio.run_coroutine_threadsafe(_check(probe, guard), self._loop)

    def close(self) -> None:
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result(END_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(END_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _check(probe: Probe, guard: Guard) -> Result:
    at, check = now(), CHECKERS[probe.kind].check
    if check is None:
        raise LookupError(f"monitors of the kind {probe.kind} are not asked")
    try:
        async with asyncio.timeout(probe.settings.total_ms / 1000):
            return await check(probe.target, probe.settings, guard=guard)
    except TimeoutError:
        why = f"no complete answer within {probe.settings.total_ms} ms"
        return Result(at, ok=False, detail=why, is_reached=False)
