"""Asks web addresses, many at once, and says which of them answered as they should."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from incidents.lib.errors import Refused
from incidents.lib.fetch import Request, Response, fetch_many
from incidents.lib.outbound import Guard, check_url
from incidents.lib.times import now
from incidents.monitors.reading import Given, read_choice, read_flag, read_line, read_optional, read_whole
from incidents.monitors.results import Probe, Result, broken

METHODS = ("GET", "HEAD", "POST")

CHARSETS = frozenset(
    {"utf-8", "utf-16", "us-ascii", "shift-jis", "sjis", "cp932", "euc-jp", "iso-2022-jp"}
    | {"gb2312", "gbk", "gb18030", "big5", "euc-kr", "koi8-r"}
)


@dataclass(frozen=True)
class Settings:
    """What an answer must be like to pass; `None` asks nothing."""

    method: str = "GET"
    expected_statuses: frozenset[int] = frozenset(range(200, 300))
    keyword: str = ""
    keyword_absent: bool = False
    certificate_days: int | None = None
    total_ms: int = 10_000
    connect_ms: int = 5_000


def read_settings(given: Given) -> Settings:
    return Settings(
        method=read_choice(given, "method", METHODS),
        expected_statuses=_read_statuses(given.get("expected_statuses")),
        keyword=read_line(given, "keyword", most=200),
        keyword_absent=read_flag(given, "keyword_absent"),
        certificate_days=read_optional(given, "certificate_days", least=1, most=365),
        total_ms=read_whole(given, "total_ms", default=10_000, least=100, most=30_000),
    )


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    return {"target": urlsplit(check_url(target, field="target")).hostname or ""}


def _read_statuses(given: Any) -> frozenset[int]:
    if given is None:
        return Settings().expected_statuses
    if (
        not isinstance(given, list)
        or not all(isinstance(s, int) and 100 <= s <= 599 for s in given)
        or not given
    ):
        raise Refused("expected a list of HTTP statuses such as [200, 204]", field="expected_statuses")
    return frozenset(given)


def check_many(probes: Sequence[Probe], *, guard: Guard, ca_file: str | None = None) -> list[Result]:
    """One result a probe, in their order, stamped with the instant the checks began. Never raises for a probe."""
    at = now()
    requests = [_request(probe, at) for probe in probes]
    sound = [request for request in requests if isinstance(request, Request)]
    responses = iter(fetch_many(sound, guard=guard, ca_file=ca_file))
    return [
        request if isinstance(request, Result) else _result(probe.settings, next(responses), at)
        for probe, request in zip(probes, requests, strict=True)
    ]


def _request(probe: Probe, at: datetime) -> Request | Result:
    settings = probe.settings
    try:
        return Request(
            url=probe.target,
            method=settings.method,
            total_ms=settings.total_ms,
            connect_ms=settings.connect_ms,
            final_statuses=settings.expected_statuses,
        )
    except Exception as error:
        return broken(at, error)


def _result(settings: Settings, response: Response, at: datetime) -> Result:
    try:
        why = find_fault(settings, response, at)
    except Exception as error:
        return broken(at, error)
    answered = f"{response.status}" if response.status else "no answer"
    return Result(at, ok=not why, latency_ms=response.latency_ms, detail=why or answered)


def find_fault(settings: Settings, response: Response, at: datetime) -> str:
    """The first thing wrong with an answer, for staff; empty where all is as it should be."""
    if response.status is None:
        return response.error
    if response.status not in settings.expected_statuses:
        return f"answered {response.status}"
    if settings.keyword and (settings.keyword in _text(response)) == settings.keyword_absent:
        return "the keyword is there" if settings.keyword_absent else "the keyword is not there"
    return _certificate_fault(settings.certificate_days, response.certificate_until, at)


def _certificate_fault(days: int | None, until: datetime | None, at: datetime) -> str:
    if days is None or until is None or until - at >= timedelta(days=days):
        return ""
    return f"the certificate ends in {(until - at).days} days, on {until:%Y-%m-%d}"


def _text(response: Response) -> str:
    """Decoded as the answer says where web pages are written so: Python has decoders that raise or crawl."""
    named = re.search(r"charset=\"?([\w-]{1,40})", response.content_type, re.IGNORECASE | re.ASCII)
    charset = named[1].lower().replace("_", "-") if named else ""
    known = charset in CHARSETS or charset.startswith(("iso-8859-", "windows-125"))
    try:
        return response.body.decode(charset if known else "utf-8", errors="replace")
    except LookupError:
        return response.body.decode("utf-8", errors="replace")
