"""Names that a server is asked by."""

import re
from ipaddress import ip_address

from incidents.lib.errors import Refused

MOST_CHARACTERS = 253
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


def _address(host: str) -> str:
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return ""
    return str(address) if address.version == 4 else f"[{address}]"
