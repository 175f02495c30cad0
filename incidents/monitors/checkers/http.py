"""Asks web addresses, many at once, and says which of them answered as they should."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from incidents.lib.fetch import Request, Response, fetch_many
from incidents.lib.outbound import Guard
from incidents.lib.times import now
from incidents.monitors.results import HttpSettings, Probe, Result

CHARSETS = frozenset(
    {"utf-8", "utf-16", "us-ascii", "shift-jis", "sjis", "cp932", "euc-jp", "iso-2022-jp"}
    | {"gb2312", "gbk", "gb18030", "big5", "euc-kr", "koi8-r"}
)


def check_many(probes: Sequence[Probe], *, guard: Guard, ca_file: str | None = None) -> list[Result]:
    """One result a probe, in their order, stamped with the instant the checks began."""
    at = now()
    responses = fetch_many([request_of(probe) for probe in probes], guard=guard, ca_file=ca_file)
    return [result_of(probe, response, at) for probe, response in zip(probes, responses, strict=True)]


def request_of(probe: Probe) -> Request:
    settings = probe.http
    return Request(
        url=probe.target,
        method=settings.method,
        total_ms=settings.total_ms,
        connect_ms=settings.connect_ms,
        final_statuses=settings.expected_statuses,
    )


def result_of(probe: Probe, response: Response, at: datetime) -> Result:
    why = find_fault(probe.http, response, at)
    answered = f"{response.status}" if response.status else "no answer"
    return Result(
        at,
        ok=not why,
        latency_ms=response.latency_ms,
        detail=why or answered,
        is_reached=response.status is not None,
    )


def find_fault(settings: HttpSettings, response: Response, at: datetime) -> str:
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
