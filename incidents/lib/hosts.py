"""Names that a server is asked by, and ports."""

import re
from ipaddress import ip_address

from incidents.lib.errors import Refused

MOST_CHARACTERS = 253
# Below 1024 each port belongs to one service; these are the ones that are offered to others and so are watched.
WATCHED_PORTS = frozenset(
    {21, 22, 25, 53, 80, 88, 110, 111, 119, 123, 143, 161, 179, 389, 443, 445, 465, 514, 515, 543, 548, 554}
    | {563, 587, 631, 636, 853, 873, 990, 989, 992, 993, 994, 995}
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def clean_host(text: str, *, field: str = "") -> str:
    """The host in lower case and DNS's letters, without port; an IPv6 address in brackets."""
    host = text.strip().lower().rstrip(".")
    address = _address(host)
    if address:
        return address
    try:
        ascii_host = host.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_host = ""
    labels = ascii_host.split(".")
    is_name = all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()
    if not is_name or len(ascii_host) > MOST_CHARACTERS:
        raise Refused("expected a host name such as status.example.com", field=field)
    return ascii_host


def read_place(text: str, *, field: str = "target", port: int | None = None) -> tuple[str, int]:
    """`host:port`, or the host alone where a `port` is usual; an IPv6 address in brackets. Raises Refused."""
    host, given = _split(text.strip(), field=field)
    if not given and port is None:
        raise Refused("expected a host and a port, such as mail.example.com:25", field=field)
    number = int(given) if given else port or 0
    if not 1 <= number <= 65535:
        raise Refused("expected a port between 1 and 65535", field=field)
    if number < 1024 and number not in WATCHED_PORTS:
        raise Refused(f"expected a port that services are offered at, not {number}", field=field)
    return clean_host(host, field=field).strip("[]"), number


def _split(text: str, *, field: str) -> tuple[str, str]:
    try:
        return str(ip_address(text.strip("[]"))), ""
    except ValueError:
        pass
    found = re.fullmatch(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]/@\s]+)(?::(?P<port>[0-9]{1,5}))?", text)
    if found is None:
        raise Refused("expected a host and a port, such as mail.example.com:25", field=field)
    return found["host"].strip("[]"), found["port"] or ""


def _address(host: str) -> str:
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return ""
    return str(address) if address.version == 4 else f"[{address}]"
