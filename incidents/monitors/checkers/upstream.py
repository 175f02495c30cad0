"""Reads the status page of another in the form of Statuspage v2: what it says of itself, or of one component."""

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from incidents.lib.fetch import Request, Response, fetch_many
from incidents.lib.outbound import Guard, check_url
from incidents.lib.times import now
from incidents.monitors.reading import Given, read_line, read_whole
from incidents.monitors.results import Result

DOCUMENT = "/api/v2/summary.json"
MOST_BYTES = 1024 * 1024
NOT_MODIFIED = 304

INDICATORS = {
    "none": "operational",
    "minor": "degraded",
    "major": "partial_outage",
    "critical": "major_outage",
    "maintenance": "maintenance",
}
STATUSES = {
    "operational": "operational",
    "degraded_performance": "degraded",
    "partial_outage": "partial_outage",
    "major_outage": "major_outage",
    "under_maintenance": "maintenance",
}


@dataclass(frozen=True)
class Settings:
    """`component` by its name or id; none: the whole page. `memory`: what the reading before left."""

    component: str = ""
    total_ms: int = 15_000
    memory: Mapping[str, Any] = field(default_factory=dict)


class Unreadable(Exception):
    """What was answered is no statement of the upstream's; `str()` says why, for staff."""


def read_settings(given: Given) -> Settings:
    return Settings(
        component=read_line(given, "component", most=200).strip(),
        total_ms=read_whole(given, "total_ms", default=15_000, least=100, most=30_000),
        memory=given.get("memory") or {},
    )


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    return {"target": urlsplit(document_url(target)).hostname or ""}


def document_url(target: str) -> str:
    """Of the page's address: its summary. The address of a JSON document stays as it is."""
    url = check_url(target, field="target")
    parts = urlsplit(url)
    if parts.path.endswith(".json"):
        return url
    return f"{parts.scheme}://{parts.netloc}{DOCUMENT}"


async def check(target: str, settings: Settings, *, guard: Guard) -> Result:
    """What the upstream says is in the memory of the result, which passes whatever that is. A document that cannot
    be read says nothing: such a result is not final, and what was known stands until it is too old."""
    at, began = now(), time.monotonic()
    url = document_url(target)
    known = settings.memory if settings.memory.get("of") == [url, settings.component] else {}
    request = Request(
        url=url,
        total_ms=int(settings.total_ms * 0.9),
        final_statuses=frozenset({200, NOT_MODIFIED}),
        headers=_conditions(known),
        most_bytes=MOST_BYTES,
    )
    [response] = await asyncio.to_thread(fetch_many, [request], guard=guard)
    try:
        status = read_answer(response, settings.component, known=str(known.get("status", "")))
    except Unreadable as why:
        return Result(at, ok=False, detail=str(why), is_final=False)
    memory = {
        "of": [url, settings.component],
        "status": status,
        "since": known["since"] if known.get("status") == status else at.isoformat(),
        "etag": response.etag or known.get("etag", ""),
    }
    latency_ms = (time.monotonic() - began) * 1000
    return Result(at, ok=True, latency_ms=latency_ms, detail=f"reports {status}", memory=memory)


def _conditions(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Only where something is known, which the answer *not modified* would leave as it is."""
    etag = str(known.get("etag", ""))
    sound = re.fullmatch(r'(?:W/)?"[!#-~]{0,200}"', etag) is not None
    return (f"If-None-Match: {etag}",) if sound and known.get("status") else ()


def read_answer(response: Response, component: str, *, known: str = "") -> str:
    """One of our statuses, or unknown where the upstream itself says so; raises Unreadable."""
    if response.status is None:
        raise Unreadable(response.error)
    if response.status == NOT_MODIFIED and known:
        return known
    if response.status != 200:
        raise Unreadable(f"answered {response.status}")
    if len(response.body) >= MOST_BYTES:
        raise Unreadable(f"the document is larger than {MOST_BYTES} bytes")
    return read_document(response.body, component)


def read_document(body: bytes, component: str) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("the answer is not JSON") from None
    if not isinstance(document, dict):
        raise Unreadable("the answer is not a summary of Statuspage v2")
    if component:
        return _said(_find_component(document.get("components"), component), "status", STATUSES)
    return _said(document.get("status"), "indicator", INDICATORS)


def _find_component(components: Any, wanted: str) -> dict[str, Any]:
    """By its id, else the only one of the name."""
    listed = [one for one in components if isinstance(one, dict)] if isinstance(components, list) else []
    by_name = [one for one in listed if str(one.get("name", "")).strip().casefold() == wanted.casefold()]
    found = [one for one in listed if one.get("id") == wanted] or by_name
    if len(found) != 1:
        raise Unreadable(f"{len(found)} components are called {wanted!r}")
    return found[0]


def _said(part: Any, name: str, words: Mapping[str, str]) -> str:
    value = part.get(name) if isinstance(part, dict) else None
    if not isinstance(value, str) or value not in words:
        raise Unreadable(f"the {name} is none that Statuspage v2 knows: {str(value)[:40]!r}")
    return "unknown" if part.get("x_unknown") is True else words[value]
