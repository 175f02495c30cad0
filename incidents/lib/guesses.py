"""Counts wrong guesses by the network that they come from, where every process sees them."""

import time
from ipaddress import IPv6Address, ip_address, ip_network

from django.core.cache import cache


def may_guess(address: str, *, what: str, most: int, seconds: int) -> bool:
    """Counts one more guess in this stretch of time; False, and nothing counted, once there were `most`.

    `address` is the client's; those of one IPv6 /64 are one.
    """
    key = f"guesses:{what}:{_network(address)}:{int(time.time() // seconds)}"
    if cache.get(key, 0) >= most:
        return False
    if not cache.add(key, 1, seconds):
        cache.incr(key)
    return True


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network(f"{parsed}/64", strict=False).network_address)
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
