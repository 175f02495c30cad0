"""What is kept for SPF monitors: the published sets, the sources that were seen, the networks that are known.

But for `set_known_networks` the caller holds the monitor's row.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from incidents.actions import audit
from incidents.actions.monitor import CLOCK_TOLERANCE
from incidents.lib import times
from incidents.lib.errors import Refused
from incidents.lib.networks import clean_networks, read_address
from incidents.models import LogPosition, Monitor, Outcome, PublishedSet, SourceHour, Staff
from incidents.queries.monitor import lock_monitor
from incidents.queries.spf import addresses_of_hour, open_set, rows_of_hour

SOURCES_KEPT = timedelta(days=30)
MOST_SETS = 200
MOST_ADDRESSES_AN_HOUR = 500


@dataclass(frozen=True)
class Source:
    """`count` arrivals from an address, at about `at`. `domain` and `host` are what it, or the log, called itself."""

    address: str
    outcome: str
    at: datetime
    count: int = 1
    domain: str = ""
    host: str = ""


def record_published(monitor: Monitor, published: Mapping[str, Any], *, at: datetime) -> bool:
    """Keeps what was published at `at` if it is not what was before; answers whether it is not."""
    before = open_set(monitor)
    networks, fault = published["networks"], published["fault"]
    PublishedSet.objects.filter(monitor=monitor, published_until=None).exclude(domain=monitor.target).update(
        published_until=at
    )
    if before and _same(before, published):
        PublishedSet.objects.filter(pk=before.pk).update(ttl_seconds=published["ttl"])
        return False
    named = {row[0] for row in networks}
    known = {row[0] for row in before.networks} if before else set()
    if before:
        before.published_until = at
        before.save(update_fields=["published_until"])
    PublishedSet.objects.create(
        monitor=monitor,
        domain=monitor.target,
        published_from=at,
        networks=networks,
        unflattened=published["unflattened"],
        came=sorted(named - known) if before else [],
        went=sorted(known - named),
        lookups=published["lookups"],
        ttl_seconds=published["ttl"],
        fault_kind=published["fault_kind"],
        fault=fault,
    )
    _forget_sets(monitor)
    return True


def _same(before: PublishedSet, published: Mapping[str, Any]) -> bool:
    """Whatever the order in which the networks are written, and however often."""
    return (
        {row[0] for row in before.networks} == {row[0] for row in published["networks"]}
        and before.unflattened == published["unflattened"]
        and (before.fault_kind, before.fault) == (published["fault_kind"], published["fault"])
    )


def _forget_sets(monitor: Monitor) -> None:
    """A record that is another at each look must not fill the disk."""
    sets = PublishedSet.objects.filter(monitor=monitor)
    for old in sets.values_list("pk", flat=True)[MOST_SETS : MOST_SETS + 10]:
        PublishedSet.objects.filter(pk=old).delete()


def check_sources(sources: Sequence[Source]) -> list[Source]:
    """With their addresses spelt in the one way. Refuses a batch that holds anything but addresses seen at
    believable instants, naming the source."""
    now = times.now()
    return [_checked(source, f"sources[{index}]", now) for index, source in enumerate(sources)]


def _checked(source: Source, where: str, now: datetime) -> Source:
    address = read_address(source.address)
    if address is None:
        raise Refused("expected an IPv4 or IPv6 address", field=f"{where}.address")
    if source.outcome not in Outcome.values:
        raise Refused(f"expected one of {', '.join(Outcome.values)}", field=f"{where}.outcome")
    if not 1 <= source.count <= 1_000_000_000:
        raise Refused("expected a whole number of at least 1", field=f"{where}.count")
    if source.at > now + CLOCK_TOLERANCE:
        raise Refused("the instant lies in the future", field=f"{where}.at")
    if source.at < now - SOURCES_KEPT:
        raise Refused(f"the instant is older than {SOURCES_KEPT.days} days", field=f"{where}.at")
    return replace(source, address=str(address), domain=source.domain[:253], host=source.host[:253])


def record_sources(monitor: Monitor, sources: Sequence[Source]) -> None:
    """Adds up what was seen, by hour, address and outcome. Of one hour a number of addresses is kept apart, the
    most seen of a batch first."""
    by_hour: dict[datetime, list[Source]] = defaultdict(list)
    for source in sources:
        by_hour[source.at.replace(minute=0, second=0, microsecond=0)].append(source)
    for hour, seen in sorted(by_hour.items()):
        _add_to_hour(monitor, hour, seen)


def _add_to_hour(monitor: Monitor, hour: datetime, seen: Sequence[Source]) -> None:
    apart = _kept_apart(addresses_of_hour(monitor, hour), seen)
    rows = {
        (row.address, row.outcome): row
        for row in rows_of_hour(monitor, hour, {source.address for source in seen} & apart)
    }
    for source in seen:
        key = (source.address if source.address in apart else "", source.outcome)
        row = rows.get(key)
        rows[key] = _added(row, source) if row else _begun(monitor, hour, key, source)
    for row in rows.values():
        row.pk = None  # found again by what it counts
    SourceHour.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["monitor", "hour", "address", "outcome"],
        update_fields=["count", "first_at", "last_at", "domain", "host"],
        batch_size=500,
    )


def _kept_apart(kept: set[str], seen: Sequence[Source]) -> set[str]:
    counts: Counter[str] = Counter()
    for source in seen:
        counts[source.address] += source.count
    new = [address for address, _ in counts.most_common() if address not in kept]
    return kept | set(new[: max(0, MOST_ADDRESSES_AN_HOUR - len(kept))])


def _begun(monitor: Monitor, hour: datetime, key: tuple[str, str], source: Source) -> SourceHour:
    address, outcome = key
    return SourceHour(
        monitor=monitor,
        hour=hour,
        address=address,
        outcome=outcome,
        count=source.count,
        first_at=source.at,
        last_at=source.at,
        domain=source.domain if address else "",
        host=source.host if address else "",
    )


def _added(row: SourceHour, source: Source) -> SourceHour:
    row.count += source.count
    row.first_at, row.last_at = min(row.first_at, source.at), max(row.last_at, source.at)
    if row.address:
        row.domain, row.host = source.domain or row.domain, source.host or row.host
    return row


@transaction.atomic
def set_known_networks(monitor: Monitor, networks: Iterable[str], *, actor: Staff | None = None) -> Monitor:
    """Networks that staff take as the sender's although it does not publish them: all of them, in the place of
    those known before."""
    monitor = lock_monitor(monitor.pk)
    before = monitor.settings.get("known_networks", "").split()
    known = clean_networks(networks, field="known_networks")
    monitor.settings = {**monitor.settings, "known_networks": "\n".join(known)}
    monitor.save(update_fields=["settings"])
    audit.record(
        "set_known_networks", monitor, actor=actor, before={"networks": before}, after={"networks": known}
    )
    return monitor


def save_log_position(monitor: Monitor, path: str, *, inode: int, position: int) -> None:
    LogPosition.objects.update_or_create(
        monitor=monitor, path=path, defaults={"inode": inode, "position": position, "read_at": times.now()}
    )


def expire_sources() -> None:
    SourceHour.objects.filter(hour__lt=times.now() - SOURCES_KEPT).delete()
