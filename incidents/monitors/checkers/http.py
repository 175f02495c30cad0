"""Asks web addresses, many at once, and says which of them answered as they should."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from incidents.lib.errors import Refused
from incidents.lib.fetch import Request, Response, fetch_many
from incidents.lib.headers import check_header
from incidents.lib.json_paths import as_text, check_path, find_values
from incidents.lib.outbound import Guard, check_url
from incidents.lib.patterns import check_pattern, is_in
from incidents.lib.times import now
from incidents.monitors.reading import (
    Given,
    read_authorities,
    read_choice,
    read_flag,
    read_line,
    read_lines,
    read_optional,
    read_text,
    read_total_ms,
    read_whole,
)
from incidents.monitors.results import Probe, Result, broken

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MOST_REDIRECTS = 3
CHARSETS = frozenset(
    {"utf-8", "utf-16", "us-ascii", "shift-jis", "sjis", "cp932", "euc-jp", "iso-2022-jp"}
    | {"gb2312", "gbk", "gb18030", "big5", "euc-kr", "koi8-r"}
)


@dataclass(frozen=True)
class Settings:
    """How to ask, and what an answer must be like to pass; `None` and "" ask nothing.

    With `json_path` every value found there must be `json_value`, or any value where that is empty. `authorities`
    stand in for those of the system.
    """

    method: str = "GET"
    headers: tuple[str, ...] = ()
    body: str = ""
    user: str = ""
    password: str = ""
    bearer: str = ""
    most_redirects: int = MOST_REDIRECTS
    expected_statuses: frozenset[int] = frozenset(range(200, 300))
    keyword: str = ""
    keyword_is_pattern: bool = False
    keyword_absent: bool = False
    json_path: str = ""
    json_value: str = ""
    certificate_days: int | None = None
    verify_certificate: bool = True
    authorities: str = ""
    total_ms: int = 10_000
    connect_ms: int = 5_000


def read_settings(given: Given) -> Settings:
    settings = Settings(
        method=read_choice(given, "method", METHODS),
        headers=read_lines(given, "headers", most=4000, most_lines=20),
        body=read_text(given, "body", most=10_000),
        user=read_line(given, "user", most=200),
        password=read_line(given, "password", most=500),
        bearer=read_line(given, "bearer", most=4000),
        most_redirects=read_whole(
            given, "most_redirects", default=MOST_REDIRECTS, least=0, most=MOST_REDIRECTS
        ),
        expected_statuses=_read_statuses(given),
        keyword=read_line(given, "keyword", most=200),
        keyword_is_pattern=read_flag(given, "keyword_is_pattern"),
        keyword_absent=read_flag(given, "keyword_absent"),
        json_path=read_line(given, "json_path", most=200),
        json_value=read_line(given, "json_value", most=200),
        certificate_days=read_optional(given, "certificate_days", least=1, most=365),
        verify_certificate=read_flag(given, "verify_certificate", default=True),
        authorities=read_authorities(given),
        total_ms=read_total_ms(given),
    )
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    """What a single setting does not tell."""
    for line in settings.headers:
        check_header(line, field="headers")
    if settings.body and settings.method in ("GET", "HEAD"):
        raise Refused("expected no body beside GET or HEAD", field="body")
    if settings.bearer and settings.user:
        raise Refused("expected a token or a user, not both", field="bearer")
    if not settings.bearer.isascii():
        raise Refused("expected letters, digits and signs of ASCII", field="bearer")
    if settings.keyword and settings.keyword_is_pattern:
        check_pattern(settings.keyword, field="keyword")
    if settings.json_path:
        check_path(settings.json_path, field="json_path")


def find_hosts(target: str, settings: Settings) -> Mapping[str, str]:
    return {"target": urlsplit(check_url(target, field="target")).hostname or ""}


def _read_statuses(given: Given) -> frozenset[int]:
    """From a list of numbers, or from a text such as `200-299, 401`."""
    stored = given.get("expected_statuses")
    if stored is None:
        return Settings().expected_statuses
    words = re.split(r"[,\s]+", stored.strip()) if isinstance(stored, str) else stored
    statuses = set[int]()
    for word in words if isinstance(words, list) else []:
        found = re.fullmatch(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?", str(word))
        if found is None:
            statuses.clear()
            break
        statuses |= set(range(int(found[1]), int(found[2] or found[1]) + 1))
    if not statuses:
        raise Refused("expected HTTP statuses such as 200-299, 401", field="expected_statuses")
    return frozenset(statuses)


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
            headers=(*settings.headers, *_authorization(settings)),
            body=settings.body.encode() if settings.body else None,
            total_ms=settings.total_ms,
            connect_ms=settings.connect_ms,
            most_redirects=settings.most_redirects,
            final_statuses=settings.expected_statuses,
            verify=settings.verify_certificate,
            authorities=settings.authorities,
        )
    except Exception as error:
        return broken(at, error)


def _authorization(settings: Settings) -> list[str]:
    if settings.user:
        return [f"Authorization: Basic {b64encode(f'{settings.user}:{settings.password}'.encode()).decode()}"]
    return [f"Authorization: Bearer {settings.bearer}"] if settings.bearer else []


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
    return (
        _keyword_fault(settings, response)
        or _json_fault(settings, response)
        or _certificate_fault(settings.certificate_days, response.certificate_until, at)
    )


def _keyword_fault(settings: Settings, response: Response) -> str:
    if not settings.keyword:
        return ""
    text = _text(response)
    is_there = is_in(settings.keyword, text) if settings.keyword_is_pattern else settings.keyword in text
    if is_there != settings.keyword_absent:
        return ""
    return "the keyword is there" if settings.keyword_absent else "the keyword is not there"


def _json_fault(settings: Settings, response: Response) -> str:
    if not settings.json_path:
        return ""
    try:
        values = find_values(settings.json_path, _text(response))
    except ValueError:
        return "the answer is not JSON of 64 kB at most"
    if not values:
        return "nothing is found at the JSON path"
    differs = settings.json_value and any(as_text(value) != settings.json_value for value in values)
    return "what is found at the JSON path is another value" if differs else ""


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
