"""The body of an alert, whatever its sender says it is."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.core.files import File
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError

from incidents.lib.errors import Refused
from incidents.lib.nested import read_json

LARGEST_BODY_BYTES = 256 * 1024
FORM_FIELDS = ("data", "payload")


class TooLarge(Exception):
    pass


@dataclass(frozen=True)
class Body:
    """`raw` is what was signed; `payload` decodes it, or the field of a form that holds it, or the query of a GET."""

    raw: bytes
    form: str = ""

    def payload(self) -> Any:
        return read_json(self.form.encode() or self.raw)


def read_body(request: HttpRequest) -> Body:
    """TooLarge over 256 kB; Refused for a form that is none."""
    if request.method == "GET":
        return Body(b"", _query_as_json(request.GET))
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY_BYTES:
        raise TooLarge
    raw = request.body  # first: Django parses forms from it then
    if len(raw) > LARGEST_BODY_BYTES:
        raise TooLarge
    if request.content_type == "multipart/form-data" or _is_form(request, raw):
        return Body(raw, _field(request))
    return Body(raw)


def _is_form(request: HttpRequest, raw: bytes) -> bool:
    """Some senders say so of plain JSON."""
    says_so = request.content_type == "application/x-www-form-urlencoded"
    return says_so and not raw.lstrip().startswith((b"{", b"["))


def _field(request: HttpRequest) -> str:
    try:
        files = {name: file.read().decode() for name, file in request.FILES.items() if isinstance(file, File)}
    except (MultiPartParserError, TooManyFieldsSent, UnicodeDecodeError):
        raise Refused("expected a form whose field data is JSON") from None
    fields = {**_last_of_each(request.POST), **files}
    given = next((fields[name] for name in FORM_FIELDS if name in fields), None)
    return given if given is not None else json.dumps(fields)


def _query_as_json(query: QueryDict) -> str:
    """Each parameter as JSON where it is, else as a text: Uptime Kuma sends its objects so."""
    return json.dumps({name: _decoded(value) for name, value in _last_of_each(query).items()})


def _last_of_each(query: QueryDict) -> dict[str, str]:
    return {name: str(values[-1]) for name, values in query.lists() if values}


def _decoded(value: str) -> Any:
    try:
        return read_json(value.encode())
    except Refused:
        return value
