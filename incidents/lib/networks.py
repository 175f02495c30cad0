"""Networks by CIDR, and whose address lies in them."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from incidents.lib.errors import Refused

MOST = 50


def clean_networks(texts: Iterable[str], *, field: str = "") -> list[str]:
    """Each as `192.0.2.0/24`; refuses what is no network, and the network of everybody."""
    cleaned = list(dict.fromkeys(_clean(text, field=field) for text in texts))
    if len(cleaned) > MOST:
        raise Refused(f"expected at most {MOST} networks", field=field)
    return cleaned


def network_of(address: str) -> str:
    """The network an address lies in, as wide as one household or office (/24, /48); "" for no address."""
    try:
        parsed = _plain(ip_address(address.strip()))
    except ValueError:
        return ""
    length = 24 if parsed.version == 4 else 48
    return str(ip_network(f"{parsed}/{length}", strict=False))


def lies_in(address: str, networks: Iterable[str]) -> bool:
    """Whether an address, as a server tells it, lies in one of the networks; no address lies in none."""
    try:
        parsed = _plain(ip_address(address.strip()))
    except ValueError:
        return False
    return any(parsed in ip_network(network) for network in networks)


def _clean(text: str, *, field: str) -> str:
    try:
        network = ip_network(text.strip())
    except ValueError:
        message = f"{text.strip()!r}: expected a network such as 192.0.2.0/24 or 2001:db8::/32"
        raise Refused(message, field=field) from None
    if network.prefixlen == 0:
        raise Refused(f"{text.strip()!r}: this network is everybody", field=field)
    return str(network)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """A server that listens on both kinds tells IPv4 addresses as ::ffff:192.0.2.1."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
