"""Which addresses nothing is sent to: known again by a keyed hash, never by themselves."""

from collections.abc import Iterable

from django.db.models import QuerySet

from incidents.lib import tokens
from incidents.models import Suppression, SuppressionReason

PURPOSE = "suppression"


def suppression_key(address: str) -> str:
    """What is stored of a clean address."""
    return tokens.keyed_hashes(PURPOSE, address)[0]


def find_suppressions(address: str) -> QuerySet[Suppression]:
    return Suppression.objects.filter(address__in=tokens.keyed_hashes(PURPOSE, address))


def is_suppressed(address: str) -> bool:
    return find_suppressions(address).exists()


def suppressed_among(addresses: Iterable[str], *, reason: SuppressionReason | None = None) -> set[str]:
    """Those of many that nothing is sent to (for that reason), in one query."""
    by_key = {key: address for address in addresses for key in tokens.keyed_hashes(PURPOSE, address)}
    found = Suppression.objects.filter(address__in=by_key)
    kept = found.filter(reason=reason) if reason else found
    return {by_key[key] for key in kept.values_list("address", flat=True)}
