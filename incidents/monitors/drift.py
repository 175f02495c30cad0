"""Whether mail comes from addresses that its sender does not publish: which, since when, how much of it.

Pure: what was published and what was seen go in, a verdict and its grounds come out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import NamedTuple

from incidents.lib.networks import NetworkSet, read_address
from incidents.monitors.checkers.spf import Settings
from incidents.monitors.results import Verdict

GROUP_LENGTHS = {4: 24, 6: 64}


@dataclass(frozen=True)
class Sighting:
    """What was seen of one address within the window. `host` is its name, where one is known."""

    address: str
    accepted: int
    refused: int
    first_at: datetime
    last_at: datetime
    host: str = ""

    @property
    def count(self) -> int:
        return self.accepted + self.refused


class Hour(NamedTuple):
    """All that came in one hour, published or not."""

    at: datetime
    accepted: int
    refused: int


@dataclass(frozen=True)
class Published:
    """`fault`: why receivers cannot use the record. `changed_at`: when it last came to be as it is."""

    networks: NetworkSet
    fault: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Group:
    """Unpublished addresses of one network, the most seen first. `share`: of all that came since `since`, 0 to 1."""

    network: str
    members: tuple[Sighting, ...]
    since: datetime
    share: float

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(one.address for one in self.members)

    @property
    def last_at(self) -> datetime:
        return max(one.last_at for one in self.members)

    @property
    def accepted(self) -> int:
        return sum(one.accepted for one in self.members)

    @property
    def refused(self) -> int:
        return sum(one.refused for one in self.members)

    @property
    def count(self) -> int:
        return self.accepted + self.refused


class Named(NamedTuple):
    """Unpublished addresses that go by names of one pattern; an empty one: by none that is known."""

    pattern: str
    addresses: int
    accepted: int
    refused: int


@dataclass(frozen=True)
class Drift:
    """`cause`: unpublished, invalid or changed. `groups` are over the threshold, `strays` below, the most seen
    first; the shares are those of `groups` in all that came since the first of them."""

    verdict: Verdict
    cause: str = ""
    onset_at: datetime | None = None
    groups: tuple[Group, ...] = ()
    strays: tuple[Group, ...] = ()
    accepted_share: float = 0.0
    refused_share: float = 0.0


def judge_drift(
    published: Published | None,
    seen: Sequence[Sighting],
    hours: Sequence[Hour],
    *,
    settings: Settings,
    since: Mapping[str, datetime],
    now: datetime,
) -> Drift:
    """`seen` and `hours` are those of the window. `since`: the networks that were over the threshold before, each
    with when it began, so that a beginning stays what it was while the window moves on."""
    if published is None:
        return Drift(Verdict.UNKNOWN)
    groups = sorted(
        _groups(published.networks, seen, hours, settings=settings, since=since),
        key=lambda group: (-group.count, group.network),
    )
    over = tuple(group for group in groups if _is_over(group, settings))
    strays = tuple(group for group in groups if not _is_over(group, settings))
    if over:
        return _unpublished(over, strays, hours)
    if published.fault:
        return Drift(Verdict.DOWN, "invalid", published.changed_at, strays=strays)
    recent = timedelta(hours=settings.window_hours)
    if settings.tell_changes and published.changed_at and now - published.changed_at < recent:
        return Drift(Verdict.UNSTABLE, "changed", published.changed_at, strays=strays)
    return Drift(Verdict.UP, strays=strays)


def _unpublished(over: tuple[Group, ...], strays: tuple[Group, ...], hours: Sequence[Hour]) -> Drift:
    onset = min(group.since for group in over)
    came = _came_since(onset, hours)
    return Drift(
        Verdict.DOWN,
        "unpublished",
        onset,
        over,
        strays,
        accepted_share=_share(sum(group.accepted for group in over), came),
        refused_share=_share(sum(group.refused for group in over), came),
    )


def _is_over(group: Group, settings: Settings) -> bool:
    return group.count >= settings.least_count and group.share * 1000 >= settings.least_per_thousand


def _groups(
    published: NetworkSet,
    seen: Sequence[Sighting],
    hours: Sequence[Hour],
    *,
    settings: Settings,
    since: Mapping[str, datetime],
) -> Iterable[Group]:
    known = NetworkSet(map(ip_network, settings.known_networks))
    members: dict[str, list[Sighting]] = defaultdict(list)
    for one in seen:
        address = read_address(one.address)
        if address is None or address in published or address in known or not _is_of(one.host, settings):
            continue
        network = ip_network(f"{address}/{GROUP_LENGTHS[address.version]}", strict=False)
        members[str(network)].append(one)
    for name, sightings in members.items():
        yield _group(name, sightings, hours, began=since.get(name))


def _group(
    network: str, sightings: list[Sighting], hours: Sequence[Hour], *, began: datetime | None
) -> Group:
    first_at = min(one.first_at for one in sightings)
    count = sum(one.count for one in sightings)
    return Group(
        network=network,
        members=tuple(sorted(sightings, key=lambda one: (-one.count, one.address))),
        since=min(first_at, began) if began else first_at,
        share=_share(count, _came_since(first_at, hours)),
    )


def by_name(groups: Iterable[Group]) -> list[Named]:
    """The same addresses by what they are called, the most seen first."""
    called: dict[str, list[Sighting]] = defaultdict(list)
    for one in (member for group in groups for member in group.members):
        called[name_pattern(one.host)].append(one)
    named = [
        Named(pattern, len(ones), sum(one.accepted for one in ones), sum(one.refused for one in ones))
        for pattern, ones in called.items()
    ]
    return sorted(named, key=lambda one: (-one.accepted - one.refused, one.pattern))


def _is_of(host: str, settings: Settings) -> bool:
    return not settings.hosts or any(f".{host}".endswith(f".{suffix}") for suffix in settings.hosts)


def name_pattern(host: str) -> str:
    """The name without what is the host's alone: `*.unverified-forwarding.example`."""
    first, _, rest = host.partition(".")
    return f"*.{rest}" if first and "." in rest else host


def _came_since(at: datetime, hours: Sequence[Hour]) -> int:
    """From the beginning of the hour of `at` on."""
    return sum(hour.accepted + hour.refused for hour in hours if hour.at + timedelta(hours=1) > at)


def _share(part: int, whole: int) -> float:
    return min(1.0, part / whole) if whole else 0.0
