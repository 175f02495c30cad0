"""How often anybody may ask for an address: counted in the database, where a restart forgets nothing.

Only what was mailed counts, so that nobody can keep an address from being subscribed by asking for it.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from incidents.lib import tokens
from incidents.lib.addresses import mailbox_of
from incidents.models import Page, SignUp

Caps = Sequence[tuple[int, timedelta]]
FEW_A_DAY: Caps = (
    (1, timedelta(minutes=10)),
    (3, timedelta(days=1)),
)
ADDRESS_CAPS: Caps = (*FEW_A_DAY, (5, timedelta(days=30)))
# An office of many people behind one address asks in one afternoon; a flood asks in one minute.
NETWORK_CAPS: Caps = (
    (10, timedelta(minutes=10)),
    (100, timedelta(days=1)),
)
PAGE_MAILS_AN_HOUR = 200
DOMAIN_MAILS_AN_HOUR = 50
KEPT = max(span for _count, span in ADDRESS_CAPS)

log = logging.getLogger(__name__)


def take_place(page: Page, address: str, *, network: str) -> bool:
    """Whether one more mail may go to an address that somebody asked for; it is counted then."""
    now = timezone.now()
    if not (_is_address_quiet(address, now=now) and _is_network_quiet(network, now=now)):
        return False
    if not _has_room(page, address, now=now):
        return False
    SignUp.objects.create(
        page=page,
        address=_hash_address(address),
        domain=_domain_of(address),
        network=_hash_network(network),
        at=now,
    )
    return True


def forget(address: str) -> None:
    """Whoever owns the mailbox asked for the mails: they count against nobody."""
    SignUp.objects.filter(address=_hash_address(address)).delete()


def is_allowed(sent_at: Iterable[datetime], *, now: datetime, caps: Caps) -> bool:
    """Whether one more mail keeps every cap, given when the earlier ones were written."""
    instants = list(sent_at)
    return all(sum(now - at < span for at in instants) < count for count, span in caps)


def _is_address_quiet(address: str, *, now: datetime) -> bool:
    mails = SignUp.objects.filter(address=_hash_address(address), at__gt=now - KEPT)
    return is_allowed(mails.values_list("at", flat=True), now=now, caps=ADDRESS_CAPS)


def _is_network_quiet(network: str, *, now: datetime) -> bool:
    if not network:
        return True
    since = now - max(span for _count, span in NETWORK_CAPS)
    mails = SignUp.objects.filter(network=_hash_network(network), at__gt=since)
    return is_allowed(mails.values_list("at", flat=True), now=now, caps=NETWORK_CAPS)


def _has_room(page: Page, address: str, *, now: datetime) -> bool:
    """Against a flood spread over many addresses of one page or one domain."""
    mails = SignUp.objects.filter(page=page, at__gt=now - timedelta(hours=1))
    if mails.count() >= PAGE_MAILS_AN_HOUR:
        log.error("over %d confirmations in an hour: no more are sent", PAGE_MAILS_AN_HOUR)
        return False
    return mails.filter(domain=_domain_of(address)).count() < DOMAIN_MAILS_AN_HOUR


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def _hash_address(address: str) -> str:
    return tokens.short_mac("sign-up address", mailbox_of(address))


def _hash_network(network: str) -> str:
    return tokens.short_mac("sign-up network", network) if network else ""
