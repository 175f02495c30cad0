"""What an HTTP monitor sends, and how it looks into the answer, against a real server on loopback."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from incidents.lib.errors import Refused
from incidents.lib.outbound import Guard
from incidents.monitors.checkers import http
from incidents.monitors.checking import check_all
from incidents.monitors.results import Probe, Result
from tests.certificates import make_authority
from tests.streams import Talk, hang, reset, serving_streams

LOOPBACK = Guard(["127.0.0.0/8"])
HEALTH = {
    "status": "ok",
    "count": 3,
    "ready": True,
    "checks": [{"name": "db", "status": "up"}, {"name": "mail", "status": "down"}],
}


@dataclass
class Site:
    """Answers each request with `answer`, and keeps what was asked."""

    answer: bytes = b""
    port: int = 0
    asked: list[bytes] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length: ")), 0
        )
        self.asked.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()


def says(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site(says(b"hello"))
    with serving_streams(made.talk) as served:
        made.port = served.port
        yield made


def check(url: str, **settings: Any) -> Result:
    return check_all([Probe("http", url, http.read_settings(settings))], guard=LOOPBACK)[0]


def ask(site: Site, **settings: Any) -> Result:
    return check(f"http://127.0.0.1:{site.port}/x", **settings)


def test_method_headers_and_body_are_sent_as_they_were_written(site: Site) -> None:
    sent = {"method": "PUT", "headers": "X-Key: a b\nContent-Type: text/plain\n", "body": "名前\r\n\r\nGET /"}
    assert ask(site, **sent).ok
    head, _, body = site.asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PUT /x HTTP/1.1\r\n")
    assert b"\r\nX-Key: a b\r\nContent-Type: text/plain" in head
    assert body.decode() == sent["body"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"user": "ops", "password": "p:w ö"}, "Authorization: Basic b3BzOnA6dyDDtg=="),
        ({"bearer": "abc.def"}, "Authorization: Bearer abc.def"),
        ({"headers": "User-Agent: mine"}, "User-Agent: mine"),
    ],
)
def test_a_secret_is_sent_in_the_header_it_belongs_to(
    site: Site, settings: dict[str, Any], line: str
) -> None:
    ask(site, **settings)
    assert f"\r\n{line}\r\n".encode() in site.asked[0]


def test_neither_headers_nor_secrets_nor_a_body_go_on_to_another_host(site: Site) -> None:
    secrets = {"headers": "X-Key: secret", "bearer": "secret"}
    with serving_streams(
        Site(says(b"", "302 Found", f"Location: http://127.0.0.1:{site.port}/")).talk
    ) as door:
        assert check(f"http://127.0.0.1:{door.port}/", **secrets).ok
    assert b"secret" not in site.asked[0]
    there = f"Location: http://127.0.0.1:{site.port}/"
    with serving_streams(Site(says(b"", "307 Temporary Redirect", there)).talk) as door:
        result = check(f"http://127.0.0.1:{door.port}/", method="POST", body="secret")
    assert result.detail == "a redirect that would take the body to another host"
    assert len(site.asked) == 1


def test_a_redirect_that_is_not_followed_is_the_answer(site: Site) -> None:
    site.answer = says(b"", "301 Moved Permanently", "Location: /elsewhere")
    assert ask(site, most_redirects=0).detail == "answered 301, a redirect, which is not followed"
    assert ask(site, most_redirects=0, expected_statuses="301").ok
    assert ask(site).detail == "more than 3 redirects"
    assert len(site.asked) == 6


@pytest.mark.parametrize(
    ("settings", "detail"),
    [
        ({"keyword": r"build \d+", "keyword_is_pattern": True}, "200"),
        ({"keyword": r"build \d+"}, "the keyword is not there"),
        ({"keyword": r"^$", "keyword_is_pattern": True}, "the keyword is not there"),
        ({"keyword": "(?i)ERROR", "keyword_is_pattern": True, "keyword_absent": True}, "200"),
        ({"keyword": "稼.中", "keyword_is_pattern": True, "keyword_absent": True}, "the keyword is there"),
    ],
)
def test_a_keyword_may_be_a_pattern(site: Site, settings: dict[str, Any], detail: str) -> None:
    site.answer = says("build 42 稼働中".encode())
    assert ask(site, **settings).detail == detail


def test_a_pattern_takes_linear_time(site: Site) -> None:
    site.answer = says(b"a" * 65_536)
    began = time.monotonic()
    assert not ask(site, keyword="(a+)+(a|aa)+$z", keyword_is_pattern=True).ok
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("path", "value", "detail"),
    [
        ("$.status", "ok", "200"),
        ("$.status", "", "200"),
        ("$.status", "fail", "what is found at the JSON path is another value"),
        ("$.count", "3", "200"),
        ("$.ready", "true", "200"),
        ("$.checks[0].status", "up", "200"),
        ("$.checks[*].status", "up", "what is found at the JSON path is another value"),
        ("$.checks[?@.name == 'mail'].status", "down", "200"),
        ("$..name", "", "200"),
        ("$.nothing", "", "nothing is found at the JSON path"),
    ],
)
def test_what_stands_at_a_json_path(site: Site, path: str, value: str, detail: str) -> None:
    site.answer = says(json.dumps(HEALTH).encode())
    assert ask(site, json_path=path, json_value=value).detail == detail


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"",
        b"[" * 60_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b"[" + b"1," * 60_000 + b"1]",
        b"\xff\xfe",
    ],
)
def test_what_is_no_json_fails_whatever_it_is(site: Site, body: bytes) -> None:
    site.answer = says(body)
    assert ask(site, json_path="$..a").detail == "the answer is not JSON of 64 kB at most"


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (hang, "no complete answer within 300 ms"),
        (reset, "Recv failure"),
        (Site(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").talk, "chunk"),
        (Site(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123").talk, "with 7 bytes missing"),
        (Site(b"SSH-2.0-OpenSSH\r\n").talk, "HTTP/0.9"),
        (
            Site(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400_000 + b"\r\n\r\n").talk,
            "headers of the answer are too large",
        ),
    ],
)
def test_a_server_that_breaks_off_fails_with_a_reason(talk: Talk, why: str) -> None:
    with serving_streams(talk) as served:
        result = check(f"http://127.0.0.1:{served.port}/", total_ms=300)
    assert not result.ok
    assert why in result.detail


@pytest.mark.parametrize(
    ("served", "settings", "detail"),
    [
        ({}, {}, "200"),
        ({}, {"authorities": ""}, "certificate"),
        ({}, {"authorities": "", "verify_certificate": False}, "200"),
        ({"host": "192.0.2.1"}, {}, "certificate"),
        ({"days_left": -1}, {}, "certificate"),
        ({"days_left": 9}, {"certificate_days": 10}, "the certificate ends in 9 days"),
        (
            {"days_left": -1},
            {"verify_certificate": False, "certificate_days": 1},
            "the certificate ends in -1 days",
        ),
    ],
)
def test_certificates_are_verified_against_the_authorities_given(
    served: dict[str, Any], settings: dict[str, Any], detail: str
) -> None:
    authority = make_authority()
    with serving_streams(Site(says(b"hello")).talk, tls=authority.server_tls(**served)) as secure:
        result = check(f"https://127.0.0.1:{secure.port}/", **({"authorities": authority.pem} | settings))
    assert result.ok == (detail == "200")
    assert detail in result.detail


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"method": "FETCH"}, "method"),
        ({"headers": "Host: inside"}, "headers"),
        ({"headers": "content-length: 3"}, "headers"),
        ({"headers": "Transfer-Encoding : chunked"}, "headers"),
        ({"headers": "Transfer-Encoding: chunked"}, "headers"),
        ({"headers": "X: a\rHost: inside"}, "headers"),
        ({"headers": "X: a\x00b"}, "headers"),
        ({"headers": "no header"}, "headers"),
        ({"headers": "X:"}, "headers"),
        ({"headers": "X: é"}, "headers"),
        ({"headers": ["X: a"]}, "headers"),
        ({"body": "x"}, "body"),
        ({"user": "a\r\nHost: inside"}, "user"),
        ({"bearer": "a\nb"}, "bearer"),
        ({"bearer": "秘密"}, "bearer"),
        ({"bearer": "a", "user": "b"}, "bearer"),
        ({"most_redirects": 4}, "most_redirects"),
        ({"most_redirects": True}, "most_redirects"),
        ({"expected_statuses": "2xx"}, "expected_statuses"),
        ({"expected_statuses": []}, "expected_statuses"),
        ({"expected_statuses": "600"}, "expected_statuses"),
        ({"expected_statuses": [200, "x"]}, "expected_statuses"),
        ({"expected_statuses": 200}, "expected_statuses"),
        ({"keyword": "(", "keyword_is_pattern": True}, "keyword"),
        ({"keyword": "(?=x)", "keyword_is_pattern": True}, "keyword"),
        ({"keyword": r"(x)\1", "keyword_is_pattern": True}, "keyword"),
        ({"keyword": "(.{0,999}){9}", "keyword_is_pattern": True}, "keyword"),
        ({"keyword_absent": "yes"}, "keyword_absent"),
        ({"json_path": "status"}, "json_path"),
        ({"json_path": "$.a["}, "json_path"),
        ({"json_path": "$[?match(@.a, '(a+)+')]"}, "json_path"),
        ({"json_path": "$[?search(@.a, '(a+)+')]"}, "json_path"),
        ({"json_path": "$..*..*..*"}, "json_path"),
        ({"json_path": "$[*,*][*,*][*,*]"}, "json_path"),
        ({"json_path": "$[?@..a == 1]"}, "json_path"),
        ({"json_path": "$[?@.a == $.b]"}, "json_path"),
        ({"json_path": "$[?@[?@.a]]"}, "json_path"),
        ({"certificate_days": 0}, "certificate_days"),
        ({"authorities": "no certificate"}, "authorities"),
        ({"total_ms": 31_000}, "total_ms"),
    ],
)
def test_what_cannot_work_names_its_field(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        http.read_settings(settings)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ([200, 204], {200, 204}),
        ("200-202, 401", {200, 201, 202, 401}),
        ("301", {301}),
    ],
)
def test_statuses_are_numbers_or_ranges(stored: Any, expected: set[int]) -> None:
    assert http.read_settings({"expected_statuses": stored}).expected_statuses == expected
