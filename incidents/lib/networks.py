"""Networks by CIDR, and whose address lies in them."""

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from incidents.lib.errors import Refused

MOST = 50

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class NetworkSet:
    """Many networks, asked whether an address lies in one of them: a look-up for each length of prefix there is,
    however many networks."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._starts: dict[tuple[int, int], set[int]] = defaultdict(set)
        for network in networks:
            host_bits = network.max_prefixlen - network.prefixlen
            self._starts[network.version, host_bits].add(int(network.network_address) >> host_bits)

    def __contains__(self, address: Address) -> bool:
        number, version = int(address), address.version
        return any(
            number >> host_bits in starts for (v, host_bits), starts in self._starts.items() if v == version
        )


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


def subtract(network: Network, taken: Iterable[Network]) -> list[Network]:
    """What is left of a network without those that are `taken` out of it."""
    left = [network]
    for one in taken:
        left = [part for whole in left for part in _without(whole, one)]
    return left


def _without(whole: Network, taken: Network) -> list[Network]:
    if not whole.overlaps(taken):
        return [whole]
    if taken.prefixlen <= whole.prefixlen:
        return []
    return list(whole.address_exclude(taken))  # type: ignore[arg-type]  # they overlap, so they are of one family


def read_address(text: str) -> Address | None:
    """None for what is no address. An IPv4 address in the dress of IPv6 is itself; a zone is no part of one."""
    try:
        return _plain(ip_address(text.strip().partition("%")[0]))
    except ValueError:
        return None


def _clean(text: str, *, field: str) -> str:
    try:
        network = ip_network(text.strip())
    except ValueError:
        message = f"{text.strip()!r}: expected a network such as 192.0.2.0/24 or 2001:db8::/32"
        raise Refused(message, field=field) from None
    if network.prefixlen == 0:
        raise Refused(f"{text.strip()!r}: this network is everybody", field=field)
    return str(network)


def _plain(address: Address) -> Address:
    """A server that listens on both kinds tells IPv4 addresses as ::ffff:192.0.2.1."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
