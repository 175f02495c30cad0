"""Where this system may connect to: the guard of the one door out.

Addresses are judged at connect time, after the name was resolved, so that neither a rebinding name
nor a redirect nor an odd spelling of 127.0.0.1 gets behind it. The tables are our own, after the IANA
special-purpose registries: what a library calls global has changed between versions.
"""

import re
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

import pycurl

from incidents.lib.errors import Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MOST_URL_CHARACTERS = 2048
RESOLVE_SECONDS = 3.0
PUBLIC_V6 = ip_network("2000::/3")

NOT_PUBLIC: tuple[Network, ...] = tuple(
    ip_network(cidr)
    for cidr in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)

# Cloud machines hand out credentials here; 168.63.129.16 is public by number only.
METADATA: tuple[Network, ...] = tuple(
    ip_network(cidr)
    for cidr in (
        *("169.254.169.0/24", "169.254.170.0/24", "100.100.100.200/32", "168.63.129.16/32"),
        *("192.0.0.192/32", "fd00:ec2::/32", "fd20:ce::254/128", "fe80::a9fe:a9fe/128"),
    )
)

WRAPPERS: tuple[tuple[IPv6Network, int], ...] = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("::ffff:0:0:0/96"), 0),
    (IPv6Network("::/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("64:ff9b:1::/48"), 0),
    (IPv6Network("2002::/16"), 80),
)

# Other protocols' ports, where the lines of an HTTP request would be taken for commands.
FOREIGN_PORTS = frozenset(
    {2049, 3306, 3659, 4045, 5060, 5061, 5432, 6000, 6379, 6665, 6666, 6667, 6668, 6669, 6697, 11211, 27017}
)


class CurlAddress(NamedTuple):
    """What libcurl is about to connect to, as its open-socket callback says it."""

    family: int
    socktype: int
    protocol: int
    addr: tuple[str, int]


class Guard:
    """Permits public addresses and those in `allow`; metadata services never."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self.allow: tuple[Network, ...] = tuple(_network(cidr) for cidr in allow)

    def permits(self, text: str) -> bool:
        """Whether a connection to this address (no name) may be opened."""
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        inner = _unwrapped(address)
        if any(one in network for network in METADATA for one in (address, inner) if one):
            return False
        if any(address in network for network in self.allow):
            return True
        return inner is None and _is_public(address)


class Passage:
    """One transfer's way through the guard. `open` is its `OPENSOCKETFUNCTION`.

    libcurl works on copies of the sockets; `close` gives ours back once the transfer has ended.
    """

    def __init__(self, guard: Guard) -> None:
        self.refused: list[str] = []
        self._guard = guard
        self._lent: list[socket.socket] = []

    def open(self, _purpose: int, address: CurlAddress) -> socket.socket | int:
        host = address.addr[0] if isinstance(address.addr, tuple) else "a local socket"
        if address.family not in (socket.AF_INET, socket.AF_INET6) or not self._guard.permits(host):
            self.refused.append(host)
            return int(pycurl.SOCKET_BAD)
        lent = socket.socket(address.family, address.socktype, address.protocol)
        self._lent.append(lent)
        return lent

    def close(self) -> None:
        for lent in self._lent:
            lent.close()


def check_url(url: str, *, field: str = "url", https_only: bool = False) -> str:
    """The URL as it may be asked for, its host in ASCII; raises Refused saying what was expected."""
    parts = _split(url, field=field)
    schemes = ("https",) if https_only else ("http", "https")
    if parts.scheme not in schemes:
        raise Refused(
            f"expected a URL that begins with {' or '.join(f'{s}://' for s in schemes)}", field=field
        )
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise Refused("expected a URL without a user name or password in it", field=field)
    host = _ascii_host(parts, field=field)
    port = f":{parts.port}" if _checked_port(parts, field=field, https_only=https_only) else ""
    query = f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{quote(parts.path, safe=_KEPT) or '/'}{query}"


def check_leads_outside(url: str, *, guard: Guard, field: str = "url") -> None:
    """Refused unless every address of the URL's host may be reached. Asked once where a URL is saved, so that its
    author hears of it; what counts is the guard at each connection. One sentence for all causes: an answer tells
    nothing of names that only our own resolver knows."""
    found = _addresses(urlsplit(url).hostname or "")
    if not found or not all(guard.permits(address) for address in found):
        raise Refused("expected a host that can be reached over the public internet", field=field)


def check_may_reach(host: str, *, guard: Guard, field: str) -> None:
    """Refused where the host has an address that may not be reached. One that is not resolved may pass: staff may
    begin to watch it while it is down."""
    if not all(guard.permits(address) for address in _addresses(host)):
        raise Refused("expected a host that may be reached; OUTBOUND_ALLOW names private ones", field=field)


def _addresses(host: str) -> list[str]:
    """None where the resolver has not answered in time: it keeps no deadline of its own."""
    found: list[str] = []

    def resolve() -> None:
        with suppress(OSError, UnicodeError):
            found.extend(
                str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            )

    asking = threading.Thread(target=resolve, name="resolver", daemon=True)
    asking.start()
    asking.join(RESOLVE_SECONDS)
    return [] if asking.is_alive() else found


_KEPT = "%/:?#[]@!$&'()*+,;=~-._|"


def _split(url: str, *, field: str) -> SplitResult:
    if len(url) > MOST_URL_CHARACTERS:
        raise Refused(f"expected a URL of at most {MOST_URL_CHARACTERS} characters", field=field)
    if re.search(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\]", url):
        raise Refused("expected a URL without spaces, control characters or backslashes", field=field)
    try:
        return urlsplit(url)
    except ValueError as error:
        raise Refused("expected a URL such as https://www.example.com/", field=field) from error


def _ascii_host(parts: SplitResult, *, field: str) -> str:
    host = parts.hostname or ""
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise Refused("expected a host name that exists in DNS's letters", field=field) from error
    if ":" in host:
        if re.fullmatch(r"[0-9a-f:.]+", host):
            return f"[{host}]"
    elif re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?", host):
        return host
    raise Refused("expected a host name or an address after ://", field=field)


def _checked_port(parts: SplitResult, *, field: str, https_only: bool) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise Refused("expected a port between 1 and 65535", field=field) from error
    if port is None:
        return None
    if https_only and port not in (443, 8443):
        raise Refused("expected port 443 or 8443", field=field)
    if port in FOREIGN_PORTS or (port < 1024 and port not in (80, 443)):
        raise Refused(f"expected a port that web servers use, not {port}", field=field)
    return port


def _network(cidr: str) -> Network:
    try:
        return ip_network(cidr)
    except ValueError as error:
        raise Refused(
            f"expected networks such as 10.0.0.0/8 or fd00::/8, not {cidr!r}", field="OUTBOUND_ALLOW"
        ) from error


def _unwrapped(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one carries, by whichever way of carrying it."""
    if not isinstance(address, IPv6Address):
        return None
    for network, shift in WRAPPERS:
        if address in network:
            return IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    return None


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in PUBLIC_V6:
        return False
    return not any(address in network for network in NOT_PUBLIC)
