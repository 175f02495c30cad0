"""Header lines of requests that staff write."""

import re

from incidents.lib.errors import Refused

# They say where a request goes or where it ends: one that is not ours could hide a second request behind it.
OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "expect", "te", "trailer"}
    | {"upgrade", "http2-settings", "proxy-authorization", "proxy-connection", "accept-encoding"}
)


def check_header(line: str, *, field: str) -> None:
    """Raises Refused unless it is one header line such as `Accept: text/html`, and not one of ours."""
    if not re.fullmatch(
        r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}:[ \t]*[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?", line
    ):
        raise Refused(f"{line!r}: expected a header such as Accept: text/html", field=field)
    name = line.partition(":")[0]
    if name.lower() in OURS:
        raise Refused(f"{name!r} is a header that this service sets itself", field=field)
