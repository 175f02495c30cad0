"""A WSGI application asked without a server."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

HOST = "status.example.com"


@dataclass
class Answered:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def ask(
    application: Any, address: str = "/", method: str = "GET", *, host: str = HOST, **headers: Any
) -> Answered:
    """`headers` as environment variables of WSGI: HTTP_ACCEPT_ENCODING="gzip"."""
    answered = Answered()

    def start_response(status: str, found: list[tuple[str, str]], *_: object) -> None:
        answered.status = int(status.partition(" ")[0])
        assert len({name for name, _ in found}) == len(found), "a header twice"
        answered.headers = dict(found)

    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": address,
        "QUERY_STRING": "",
        "HTTP_HOST": host,
    }
    environ |= {"wsgi.input": BytesIO(), **headers}
    made: Iterable[bytes] = application(environ, start_response)
    answered.body = b"".join(made)
    return answered
