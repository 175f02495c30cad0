"""Which addresses nothing is sent to any more."""

from collections.abc import Collection

from incidents.lib import tokens
from incidents.models import Suppression


def hash_of(address: str) -> str:
    """What is kept of a suppressed address, as `clean_address` leaves it."""
    return tokens.keyed_hash("suppression", address)


def suppressed_among(addresses: Collection[str]) -> set[str]:
    hashes = {hash_of(address): address for address in addresses}
    found = Suppression.objects.filter(address__in=hashes).values_list("address", flat=True)
    return {hashes[known] for known in found}
