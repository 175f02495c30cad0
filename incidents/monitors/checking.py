"""Makes checks of all kinds side by side, so that none waits for another and none spoils another."""

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace

from incidents.lib.outbound import Guard
from incidents.lib.times import now
from incidents.monitors.checkers import http
from incidents.monitors.registry import CHECKERS
from incidents.monitors.results import Probe, Result, broken

HTTP = "http"
MOST_AT_ONCE = 200


def check_all(probes: Sequence[Probe], *, guard: Guard) -> list[Result]:
    """One result a probe, in their order. Never raises for what a target or a checker does: that becomes a failed
    result which says why. No check outlives the total deadline of its settings."""
    asked = [index for index, probe in enumerate(probes) if probe.kind == HTTP]
    others = [index for index, probe in enumerate(probes) if probe.kind != HTTP]
    results: dict[int, Result] = {}
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="checks") as aside:
        # The context carries the simulated clock into the thread.
        checking = aside.submit(
            copy_context().run, _check_by_asyncio, [probes[index] for index in others], guard
        )
        results |= zip(asked, http.check_many([probes[index] for index in asked], guard=guard), strict=True)
        results |= zip(others, checking.result(), strict=True)
    return [_readable(results[index]) for index in range(len(probes))]


def _readable(result: Result) -> Result:
    """Without what a database or a log cannot keep: targets may say anything."""
    words = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "\ufffd", result.detail)
    return result if words == result.detail else replace(result, detail=words)


def _check_by_asyncio(probes: Sequence[Probe], guard: Guard) -> list[Result]:
    return asyncio.run(_check_together(probes, guard)) if probes else []


async def _check_together(probes: Sequence[Probe], guard: Guard) -> list[Result]:
    places = asyncio.Semaphore(MOST_AT_ONCE)

    async def check_in_turn(probe: Probe) -> Result:
        async with places:
            return await _check_one(probe, guard)

    return await asyncio.gather(*map(check_in_turn, probes))


async def _check_one(probe: Probe, guard: Guard) -> Result:
    at = now()
    try:
        check = CHECKERS[probe.kind].check
        if check is None:
            raise LookupError(f"monitors of the kind {probe.kind} are not asked")
        async with asyncio.timeout(probe.settings.total_ms / 1000):
            return await check(probe.target, probe.settings, guard=guard)
    except TimeoutError:
        return Result(at, ok=False, detail=f"no complete answer within {probe.settings.total_ms} ms")
    except Exception as error:
        return broken(at, error)
