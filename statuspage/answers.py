"""Answers that are ready before anyone asks: bytes and headers, and the choice between them (RFC 9110)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from typing import Any

Headers = list[tuple[str, str]]
Environ = dict[str, Any]
StartResponse = Callable[..., Any]

IDENTITY = "identity"
CODINGS = {"br": "br", "gz": "gzip"}
"""As HTTP calls what a twin's name ends with; of two that are equally welcome the first is taken."""

_TAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Answer:
    """What is published at one address, in one version."""

    status: str
    etag: str
    modified_at: int
    """Seconds since 1970."""
    codings: tuple[str, ...]
    variants: dict[str, tuple[Headers, bytes]]
    """By coding: all the headers, and the body."""
    not_modified: Headers
    size: int

    def give(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        """To a GET or HEAD."""
        if self._is_known(environ):
            start_response("304 Not Modified", self.not_modified.copy())
            return []
        headers, body = self.variants[choose(environ.get("HTTP_ACCEPT_ENCODING", ""), self.codings)]
        start_response(self.status, headers.copy())
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _is_known(self, environ: Environ) -> bool:
        tags = environ.get("HTTP_IF_NONE_MATCH")
        if tags is not None:
            return self._is_found and (tags == self.etag or _matches(tags, self.etag))
        since = environ.get("HTTP_IF_MODIFIED_SINCE")
        return since is not None and self._is_found and _is_since(since, self.modified_at)

    @property
    def _is_found(self) -> bool:
        return self.status.startswith("2")


def make_answer(
    bodies: dict[str, bytes], *, etag: str, modified_at: int, headers: Headers, lasting: Headers, status: str
) -> Answer:
    """`bodies` by the ending of the twin's name, "" for the file itself; `lasting` are those that a 304 has too."""
    version = [("ETag", etag), ("Last-Modified", formatdate(modified_at, usegmt=True))]
    version.append(("Vary", "Accept-Encoding"))
    variants = {}
    for ending, body in bodies.items():
        coding = [("Content-Encoding", CODINGS[ending])] if ending else []
        own = [*headers, *version, *coding, ("Content-Length", str(len(body)))]
        variants[CODINGS.get(ending, IDENTITY)] = (own, body)
    return Answer(
        status=status,
        etag=etag,
        modified_at=modified_at,
        codings=tuple(coding for coding in CODINGS.values() if coding in variants),
        variants=variants,
        not_modified=[*lasting, *version],
        size=sum(map(len, bodies.values())),
    )


@lru_cache(maxsize=512)
def choose(accepted: str, codings: tuple[str, ...]) -> str:
    """The most welcome of `codings` by an Accept-Encoding header; identity where none is."""
    weights = dict(_weights(accepted.lower()))
    other = weights.get("*", 0.0)
    best, weight = IDENTITY, 0.0
    for coding in codings:
        if weights.get(coding, other) > weight:
            best, weight = coding, weights.get(coding, other)
    return IDENTITY if weights.get(IDENTITY, 0.0) > weight else best


def _weights(accepted: str) -> Iterable[tuple[str, float]]:
    for part in accepted.split(","):
        coding, *parameters = (word.strip() for word in part.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            yield coding, float(weight)
        except ValueError:
            yield coding, 0.0


def _matches(tags: str, etag: str) -> bool:
    """By the weak comparison, as If-None-Match is."""
    return tags.strip() == "*" or etag.removeprefix("W/") in _TAG.findall(tags)


def _is_since(date: str, modified_at: int) -> bool:
    try:
        return modified_at <= parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, TypeError):
        return False
